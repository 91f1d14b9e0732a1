subdir-y += boot cpu entry firmware irq lib mmu signal smp time vdso
