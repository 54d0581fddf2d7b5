// The rank images, embedded as they are. The folder that holds them is on the
// assembler's include path.
    .section .rodata
    .balign 64
    .globl budget_o200k_base_ranks
budget_o200k_base_ranks:
    .incbin "o200k_base.ranks"

    .balign 64
    .globl budget_cl100k_base_ranks
budget_cl100k_base_ranks:
    .incbin "cl100k_base.ranks"

    .section .note.GNU-stack,"",%progbits
