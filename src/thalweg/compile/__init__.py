"""From a rewritten graph to one native function: layout, fusion, memory, loops, and LLVM."""
