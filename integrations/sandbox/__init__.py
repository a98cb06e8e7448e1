"""Three real HTTP servers on loopback that behave like Jump, JHE and Impilo.

The demo runs on them, the tests run on them, staff are trained on them; the adapters cannot
tell them from the real thing. Everybody in them is made up (see ``people``). Only the
``sandbox`` command, the demo and the tests may import this package.
"""
