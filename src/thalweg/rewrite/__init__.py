"""Rewriting: rules that read as their laws, applied to graphs before differentiation and before compilation."""
