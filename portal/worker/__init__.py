"""Background work: a worker whose death strands nothing, and the ticker that wakes periodic work.

``manage.py worker`` runs the tasks of django-tasks-db. That library leaves a task RUNNING for ever
when its worker is killed, so each worker beats (``beats``) and hands the tasks of those that have
stopped beating to the living. Tasks may therefore start twice: they get ids only, look at what
is still to be done, and do that.
"""
