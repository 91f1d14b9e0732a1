subdir-y += boot cpu entry irq lib mmu signal smp time vdso
