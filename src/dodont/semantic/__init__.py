"""From a syntax tree to events: one structured forward interpretation over abstract values.

``values`` says what is known of an expression, ``definitions`` what is known of a module, class or function,
``expressions`` and ``statements`` compute the one from the other, ``events`` is what rules hear of.
"""
