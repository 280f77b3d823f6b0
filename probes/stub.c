/* replaced by the first real file of this folder */ typedef int fathom_stub;
