/* coro_switch for x86-64 (System V). A parked stack holds, from its saved rsp up: r15 r14 r13 r12 rbx rbp, return
 * address.
 *
 * The way back is a jump, not a ret: the processor predicts a ret to go where the last call came from, which is the
 * other stack, and is wrong each time (13 ns a switch, 7 with the jump). For the same reason a shadow stack cannot
 * follow: the note below claims IBT only, so that the linker does not mark the program for SHSTK. */
#if defined(__x86_64__) && defined(__LP64__) && !defined(CORO_UCONTEXT)

#if defined(__CET__) && (__CET__ & 1)
#define TARGET endbr64
#define JUMP notrack jmp
#else
#define TARGET
#define JUMP jmp
#endif

    .text
    .p2align 4
    .globl coro_switch
    .hidden coro_switch
    .type coro_switch, @function
coro_switch: /* rdi: where to save rsp; rsi: the rsp to continue with */
    .cfi_startproc
    TARGET
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    movq %rsp, (%rdi)
    movq %rsi, %rsp /* the same layout: the unwind rules stay true */
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    popq %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rcx
    JUMP *%rcx
    .cfi_endproc
    .size coro_switch, . - coro_switch

    .p2align 4
    .globl coro_entry
    .hidden coro_entry
    .type coro_entry, @function
coro_entry: /* the outermost frame of every coroutine: nobody called it */
    .cfi_startproc
    .cfi_undefined rip
    TARGET
    movq %rbx, %rdi
    movq %r12, %rsi
    movq %r13, %rdx
    call coro_main
    ud2
    .cfi_endproc
    .size coro_entry, . - coro_entry

#if defined(__CET__) && (__CET__ & 1)
    .section .note.gnu.property, "a"
    .p2align 3
    .long 4, 16, 5 /* sizes of name and content, NT_GNU_PROPERTY_TYPE_0 */
    .asciz "GNU"
    .long 0xc0000002, 4, 1, 0 /* GNU_PROPERTY_X86_FEATURE_1_AND: IBT, padding */
#endif
#endif

    .section .note.GNU-stack, "", @progbits
