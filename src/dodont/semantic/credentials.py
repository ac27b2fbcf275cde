"""Which names say that their value is a credential. The one place where a name's words count.

A name is split into words (``userPassword``, ``user_password`` and ``USER_PASSWORD`` are user, password). It names a
credential when a credential word or pair stands at its end, save for what a following word makes of it: ``password_id``,
``token_count`` and ``secret_name`` are no secrets, and neither is ``next_page_token``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from dodont.core.patterns import pattern

_WORDS = pattern(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=65536)  # large projects have tens of thousands of names
def _words(name: str) -> tuple[str, ...]:
    """The words a name is put together from, in small letters: ``user``, ``api``, ``key`` of ``userAPI_key``."""
    return tuple([word.lower() for word in _WORDS.findall(name)])


def _words_before_numbers(name: str) -> tuple[str, ...]:
    """The same without the numbers at its end: ``password`` of ``password_2``."""
    words = _words(name)
    while words and words[-1].isdigit():
        words = words[:-1]
    return words


#: Texts that are no name describe what a model knows: "a random token".
_NAME = pattern(r"[\w.-]+")

SINGLE = frozenset(
    "password passwd passphrase pwd passcode secret apikey authtoken accesstoken secretkey privatekey jwt otp cvv".split()
)

#: What `secrets` makes (see its model): a credential, or as often an id or a nonce.
RANDOM = "a random token"

#: Chosen by people: a hash of one can be tried out, a hash of a random token cannot.
PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd"})

PAIRS = frozenset(
    {
        ("api", "key"), ("api", "token"), ("api", "secret"), ("access", "token"), ("access", "key"), ("auth", "token"),
        ("refresh", "token"), ("bearer", "token"), ("session", "token"), ("id", "token"), ("jwt", "token"),
        ("csrf", "token"), ("reset", "token"), ("oauth", "token"), ("user", "token"), ("bot", "token"), ("app", "token"),
        ("private", "key"), ("secret", "key"), ("encryption", "key"), ("master", "key"),
        ("client", "secret"), ("auth", "header"), ("authorization", "header"), ("pass", "word"), ("service", "token"),
        ("verification", "token"), ("login", "token"), ("webhook", "secret"), ("webhook", "token"), ("otp", "code"),
        ("card", "number"), ("credit", "card"), ("hashed", "password"), ("password", "hash"),
        ("session", "cookie"), ("auth", "cookie"), ("token", "value"), ("secret", "value"), ("aws", "secret"),
        ("access", "secret"), ("secret", "string"), ("github", "token"), ("hf", "token"), ("slack", "token"), ("admin", "token"),
    }
)  # fmt: skip

#: Addresses that mostly have a password in them: whoever knows one can connect.
ADDRESSES = frozenset(
    {
        ("database", "url"), ("database", "uri"), ("db", "url"), ("db", "uri"),
        ("postgres", "url"), ("postgresql", "url"), ("postgres", "dsn"), ("mysql", "url"), ("mongo", "uri"), ("mongo", "url"),
        ("mongodb", "uri"), ("mongodb", "url"), ("redis", "url"), ("broker", "url"), ("amqp", "url"), ("rabbitmq", "url"),
    }
)  # fmt: skip

#: A ``token`` with one of these before it is a place in a list, a piece of text, a template's tag, or shown to everybody.
NO_TOKEN = frozenset(
    """page next prev previous continuation sync cursor start end max min num total count prompt completion input output
    stop eos bos pad unk special word sub lex parser current last first syntax template string name lock fencing cancel
    cancellation resume idempotency client request response trace design content csrfmiddleware cached reasoning image
    audio text new old type sep mask cls each per every used limit delimiter operator keyword comment left right open close
    leading trailing block tag line unexpected expected whitespace skip watch change version snapshot scroll marker
    upload public publishable reservation to from since until before after batch stream room search history
    event task file track document doc wiki username oov best longest matched pattern challenge source create or""".split()
)

#: What has a ``token`` of another kind: that of a lock proves nothing of who holds it, that of a parser is a piece of text.
_OTHER_HOLDERS = frozenset("lock lease cursor page parser lexer scanner tokenizer node word sentence".split())

#: A word before the last that makes it a place: a ``hostname_in_token`` is a host's name. ``sign_in_password`` is a password.
_PLACED = frozenset("in of for from with per by without".split())
_PHRASES = frozenset("sign signed log logged check checked opt plug built".split())

#: Words beside an ``access_key`` that is the name of a pair of keys, whose other half is the secret.
_PAIRED = pattern(r"secret|ec2|aws|s3|boto|minio", re.I)

#: Words in front that say the rest is about the thing, not the thing.
NO_PREFIX = frozenset(
    """is has no not num n len max min count show hide use require requires required allow enable disable missing invalid
    forgot change reset with without needs should can check validate verify update set get
    create delete generate fetch load make build forward""".split()
)


@lru_cache(maxsize=65536)
def credential(name: str) -> bool:
    """Whether ``name`` says that what it holds is a credential."""
    words = _words_before_numbers(name)
    if not words:
        return False
    last = words[-1]
    if len(words) > 2 and words[-2] in _PLACED and words[-3] not in _PHRASES:
        return False
    if len(words) > 2 and words[-2] == "or" and not credential("_".join(words[:-2])):
        return False  # `prompt_or_password`
    if last == "key" and "ssh" in words:
        return False  # mostly the path of a file: `ssh -i`
    if len(words) > 1 and (words[0] in NO_PREFIX or "count" in words or ("hashed" in words and last not in PASSWORDS)):
        return False
    if last in ("authorization", "cookie", "cookies") and len(words) == 1:
        return name in ("Authorization", "Cookie", "authorization") or name.upper() == "HTTP_AUTHORIZATION"
    if name.upper() in ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "X-API-KEY", "PROXY-AUTHORIZATION", "SET-COOKIE"):
        return True
    if not _HIDING.isdisjoint(words):
        return False
    if last in SINGLE:
        return True
    if last == "token":
        return len(words) == 1 or words[-2] not in NO_TOKEN
    if words[-2:] == ("signing", "key"):
        return name.upper() == name  # a setting; others mostly have the half that checks a signature, which is public
    return len(words) > 1 and ((words[-2], last) in PAIRS or (words[-2], last) in ADDRESSES)


@lru_cache(maxsize=4096)
def vague(name: str) -> bool:
    """Whether a credential's name may as well be another thing's: a parser knows a ``token``, a shell has a ``pwd``.

    What is around must say which it is (``context.attested``). Settings (``SLACK_TOKEN``) are none of these.
    """
    words = _words_before_numbers(name)
    if not words or not _NAME.fullmatch(name):
        return False
    if words[-1] not in ("token", "pwd"):
        return False
    if len(words) == 1:
        return True
    return name.upper() != name and (words[-2], words[-1]) not in PAIRS and _ABOUT_SIGN_IN.isdisjoint(words)


def is_held_elsewhere(name: str, holder: str) -> bool:
    """Whether who has it says that a ``token`` is another thing: ``lock["token"]``, ``page.token``."""
    words = _words(holder)
    return name.lower() == "token" and bool(words) and words[-1] in _OTHER_HOLDERS


@lru_cache(maxsize=65536)
def is_password(name: str) -> bool:
    """Whether a field of that name keeps the password somebody signs in with: no hash of one, no other service's."""
    found = _words_before_numbers(name)
    return plain_password(name) and found[0] not in NO_PREFIX and _OTHER_PASSWORDS.isdisjoint(found)


@lru_cache(maxsize=8192)
def plain_password(name: str) -> bool:
    """Whether a name says that it holds a password as it was entered."""
    found = _words_before_numbers(name.rpartition(".")[2])
    return bool(found) and (found[-1] in PASSWORDS or found == ("pass",)) and not conceals(name)


#: Words of fields that keep a password for another service, or about one.
_OTHER_PASSWORDS = frozenset(
    """hash hashed salt confirm confirmation repeat retype verify crypted encrypted decrypted smtp imap mail email ldap db database proxy
    ftp ssh sudo wifi keystore cert pop3 bind redis mongo mysql postgres rabbit basic old current""".split()
)


@lru_cache(maxsize=4096)
def is_of_service(record: str, fields: frozenset[str]) -> bool:
    """Whether the password in a record opens another service, to which it must be sent as it is, and so cannot be hashed."""
    return not (_ADDRESSES_OF_SERVICES.isdisjoint(fields) and _SERVICES.isdisjoint(_words(record)))


_ADDRESSES_OF_SERVICES = frozenset(
    """host hostname port url uri dsn server endpoint smtp_host imap_host smtp_server imap_server bind_dn base_dn domain proxy driver
    database db_name engine ip ip_address address remote_url base_url server_url""".split()
)
_SERVICES = frozenset(
    """smtp imap pop3 mail email mailbox ldap proxy ftp sftp ssh webdav caldav remote connection connector database datasource
    integration registry repository repo feed mirror router device camera printer wifi broker credential credentials vault
    secret gateway""".split()
)


@lru_cache(maxsize=4096)
def may_be_random(name: str) -> bool:
    """Whether a name says what a random token in it opens. Many open nothing: seeds, states, boundaries, names of files."""
    words = _words(name)
    if denotes(name):  # `iv = secrets.token_bytes(12)`
        return False
    return credential(name) or about_sign_in(name) or (bool(words) and words[-1] in ("key", "code", "pin", "value"))


#: Words of signing in and of what is kept secret, in names and texts around.
_ABOUT_SIGN_IN = frozenset(
    """auth authenticate authenticated authenticates authentication authenticator authorization authorize authorized
    authorizer authorisation login logon logout signin signup register registration password passwd passphrase secret
    secrets credential credentials oauth oauth2 oidc openid jwt bearer apikey sso saml mfa totp cookie cookies header
    headers environ getenv username invite invitation verification decrypted keyring vault""".split()
)

#: Verbs that are said of tokens which open something: ``revoke_token``.
_SIGN_IN_VERBS = frozenset(
    """generate generated issue issued sign verify verified revoke revoked refresh refreshed validate renew renewed rotate
    reset introspect""".split()
)


@lru_cache(maxsize=8192)
def about_sign_in(text: str) -> bool:
    """Whether a name or a short text speaks of signing in, or of credentials that are named beyond doubt."""
    words = _words(text)
    if not _ABOUT_SIGN_IN.isdisjoint(words):
        return True
    return any(pair in PAIRS or (pair[1] == "token" and pair[0] in _SIGN_IN_VERBS) for pair in pairwise(words))


def is_access_key(name: str) -> bool:
    """Whether a name ends in ``access_key``: with AWS the public half of a pair, with others the secret itself.

    ``secret_access_key`` is the other half.
    """
    words = _words(name)
    return words[-2:] == ("access", "key") and "secret" not in words


def opens_database(name: str) -> bool:
    """Whether a name says where a database or broker is, mostly with the password to it: ``database_url``."""
    return _words(name)[-2:] in ADDRESSES


@lru_cache(maxsize=8192)
def about_key_pair(text: str) -> bool:
    """Whether a name or a short text speaks of keys in pairs: ``aws_secret_access_key``."""
    return _PAIRED.search(text) is not None


@lru_cache(maxsize=8192)
def about_directory(text: str) -> bool:
    """Whether a name or a short text speaks of directories, where ``pwd`` is the one a shell works in."""
    return not _ABOUT_DIRECTORY.isdisjoint(_words(text))


_ABOUT_DIRECTORY = frozenset("dir dirs directory directories cwd chdir getcwd path shell bash mkdir cd".split())


@lru_cache(maxsize=8192)
def about_push(text: str) -> bool:
    """Whether a name or a short text speaks of notifications pushed to devices, whose ``token`` is an address."""
    return not _ABOUT_PUSH.isdisjoint(_words(text))


_ABOUT_PUSH = frozenset("push fcm gcm apns apn firebase".split())


@lru_cache(maxsize=8192)
def hashes_token(name: str) -> bool:
    """Whether a name says that tokens are hashed around here: a ``token`` beside a ``hashed_token`` may be one."""
    words = _words(name)
    return "token" in words and ("hash" in words or "hashed" in words)


def is_other_token(name: str) -> bool:
    """Whether a class is named as a token that is no credential, and what it holds is none either: a ``SyncToken``."""
    return name.lower().endswith("token") and not credential(name)


#: Words of what is hidden for good; a hash of a password is none, it can be tried out.
_HIDING = frozenset("mask masked redacted obscure obscured obfuscated censored scrubbed encrypted elided".split())

#: Words of what is hidden, and of functions that hide what they are given or take what is hidden already.
_CONCEALS = _HIDING | frozenset(
    """redact obfuscate obscure elide censor privacy scrub sanitize sanitise sanitized anonymize anonymise sensitive hide hidden hash hashed
    encrypt decrypt digest fingerprint truncate truncated shorten""".split()
)


@lru_cache(maxsize=8192)
def conceals(name: str) -> bool:
    """Whether the name of a value or function says masked, hashed or encrypted: what comes of it shows nothing."""
    return not _CONCEALS.isdisjoint(_words(name))


@lru_cache(maxsize=4096)
def is_for_logs(function: str) -> bool:
    """Whether a function's name says that what it gives is there to be logged: ``log_secret(key)``, ``loggable(key)``."""
    return not {"log", "logs", "logging", "loggable"}.isdisjoint(_words(function))


@lru_cache(maxsize=4096)
def names_hash(name: str) -> bool:
    """Whether a name says that it holds a hash: the same value under another name is one, too."""
    words = _words(name)
    return ("hash" in words or "hashed" in words) and PASSWORDS.isdisjoint(words)


_DENOTES = frozenset(
    """name names alias id ids reference ref type kind path filename count counts length number index provider label nonce
    cnonce salt iv boundary suffix prefix uuid pk""".split()
)


@lru_cache(maxsize=8192)
def denotes(name: str) -> bool:
    """Whether a name says that it holds what names, numbers or counts a thing: a ``secret_name`` is no secret."""
    words = _words(name)
    if len(words) < 2:
        return bool(words) and words[0] in _DENOTES
    return words[-1] in _DENOTES or words[0] in ("number", "num") or (words[-1] == "key" and words[-2] in _PLACES)


#: What has keys that are places, not credentials: a ``cache_key``.
_PLACES = frozenset("cache counter redis lock primary foreign sort partition dict object routing lookup group".split())


#: Verbs in front of what a function gives: ``get_api_key``.
_VERBS = frozenset("get load read fetch make create generate build new issue decrypt current find obtain".split())


@lru_cache(maxsize=4096)
def gives_credential(function: str) -> bool:
    """Whether a function's name says which credential it gives: ``get_api_key``, but not ``get_secret("API_VERSION")``."""
    words = function.strip("_").split("_")
    named = "_".join(words[1:] if words[0] in _VERBS else words)
    return named not in ("secret", "credentials") and credential(named)


#: What a form or table keeps under the name of a field is not what was entered in it: ``form.fields["password"]``.
_ABOUT = frozenset("fields errors labels widgets columns validators properties help_texts error_messages types".split())


def about_fields(holder: str) -> bool:
    """Whether a mapping's name says that it holds something about fields, under their names."""
    return holder in _ABOUT


#: The ends of names of what is found at a place.
_ADDRESSES = frozenset("url urls uri endpoint path file filename".split())


@lru_cache(maxsize=4096)
def is_address(name: str) -> bool:
    """Whether a name says that it holds an address or an id: an attribute put there is none of what its own name says."""
    words = _words(name)
    return denotes(name) or (bool(words) and words[-1] in _ADDRESSES)


@lru_cache(maxsize=4096)
def shows(function: str) -> bool:
    """Whether a function is there to tell the person at the terminal something: ``print_settings``, ``_display_entry``."""
    return function.strip("_").partition("_")[0] in ("print", "show", "display")


#: Words of flags that tell a function whether to say something.
_TALKING = frozenset("print log logs verbose debug show echo trace report".split())


@lru_cache(maxsize=4096)
def is_talking(flag: str) -> bool:
    """Whether a flag asks for messages: nothing is logged by ``request(url, data, print_errors=False)``."""
    return not _TALKING.isdisjoint(_words(flag))


@lru_cache(maxsize=4096)
def tells(parameter: str) -> bool:
    """Whether a parameter's name settles what to think of it being logged.

    One named as a credential is reported where the function logs it, not at every call; others hold the name of a thing,
    or what is hidden already.
    """
    return (credential(parameter) and not vague(parameter)) or denotes(parameter) or conceals(parameter)
