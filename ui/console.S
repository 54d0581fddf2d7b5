// The console as build.mjs packed it (admin/console.h has the format), embedded
// as it is; empty in a build without the console.
    .section .rodata
    .balign 64
    .globl budget_console_pack
budget_console_pack:
    .incbin BUDGET_CONSOLE_PACK

    .globl budget_console_pack_end
budget_console_pack_end:
    .byte 0

    .section .note.GNU-stack,"",%progbits
