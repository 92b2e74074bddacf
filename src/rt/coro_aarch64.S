/* coro_switch for AArch64 (AAPCS64). A parked stack holds, from its saved sp up: x19 to x28, x29, x30, d8 to d15.
 * A ret needs no landing pad under BTI, which the place after the call in C would not have. */
#if defined(__aarch64__) && defined(__LP64__) && !defined(CORO_UCONTEXT)

    .text
    .p2align 4
    .globl coro_switch
    .hidden coro_switch
    .type coro_switch, %function
coro_switch: /* x0: where to save sp; x1: the sp to continue with */
    .cfi_startproc
    hint #34 /* bti c */
    sub sp, sp, #160
    .cfi_adjust_cfa_offset 160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    .cfi_rel_offset x29, 80
    .cfi_rel_offset x30, 88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1 /* the same layout: the unwind rules stay true */
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    .cfi_restore x29
    .cfi_restore x30
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    .cfi_adjust_cfa_offset -160
    ret
    .cfi_endproc
    .size coro_switch, . - coro_switch

    .p2align 4
    .globl coro_entry
    .hidden coro_entry
    .type coro_entry, %function
coro_entry: /* the outermost frame of every coroutine: nobody called it */
    .cfi_startproc
    .cfi_undefined x30
    mov x0, x19
    mov x1, x20
    mov x2, x21
    bl coro_main
    brk #1
    .cfi_endproc
    .size coro_entry, . - coro_entry

#if defined(__ARM_FEATURE_BTI_DEFAULT)
    .section .note.gnu.property, "a"
    .p2align 3
    .long 4, 16, 5 /* sizes of name and content, NT_GNU_PROPERTY_TYPE_0 */
    .asciz "GNU"
    .long 0xc0000000, 4, 1, 0 /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI, padding */
#endif
#endif

    .section .note.GNU-stack, "", %progbits
