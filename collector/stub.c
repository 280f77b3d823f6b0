typedef int fathom_stub;
