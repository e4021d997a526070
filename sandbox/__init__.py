"""Data Product Sandbox: public data used without being seen (数据可用不可见)."""

__version__ = "0.1.0"
