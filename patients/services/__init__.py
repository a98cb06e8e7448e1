"""What staff do, one module a subject. Services are the only writers of models."""
