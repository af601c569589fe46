"""How many decimals a currency has (ISO 4217), where it is not two."""

_NONE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def minor_digits(currency: str) -> int:
    """Return the digits after the decimal mark that amounts in this currency are written with."""
    if currency in _NONE:
        return 0
    return 3 if currency in _THREE else 2
