"""Programs (沙箱程序): an operator's code on rows of units, of which private numbers leave."""
