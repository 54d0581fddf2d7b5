// The Lua sources as read-only bytes of the binary.
  .section .rodata.budget_lua, "a", %progbits
.macro lua name
  .global budget_lua_\name
  .global budget_lua_\name\()_end
budget_lua_\name:
  .incbin "\name\().lua"
budget_lua_\name\()_end:
  .byte 0
.endm
  lua integer
  lua limits
  lua books
  lua records
  lua holds
  lua sweep
  lua reserve
  lua extend
  lua settle
  lua release
  lua reap
  lua record
  lua allocate
  lua allocation
  lua read
  lua find
  .section .note.GNU-stack, "", %progbits
