"""What dodont knows of libraries, as data: ``data/<library>.toml``, one file a library, in the words of vocabulary.py.

A model is a fact somebody wrote down; a summary (``dodont.project``) is one that was computed. Whoever asks cannot tell
which it got.
"""
