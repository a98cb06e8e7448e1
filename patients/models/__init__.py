"""The domain's tables, one module a subject. No HTTP, no templates."""

from .connections import ConnectionLook, TokenLease
from .lookups import Answer, LookUp

__all__ = ["Answer", "ConnectionLook", "LookUp", "TokenLease"]
