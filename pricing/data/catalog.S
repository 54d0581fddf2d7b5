// The price catalog as read-only bytes of the binary.
  .section .rodata.budget_catalog, "a", %progbits
  .global budget_catalog_begin
  .global budget_catalog_end
  .balign 16
budget_catalog_begin:
  .incbin BUDGET_CATALOG_FILE
budget_catalog_end:
  .byte 0
  .section .note.GNU-stack, "", %progbits
