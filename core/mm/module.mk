obj-y += frame.o frame_cache.o kmalloc.o slab.o
obj-y += kmap.o kstack.o pgtable.o tlb.o
obj-y += address_space.o vma.o zap.o vm_map.o vm_unmap.o vm_protect.o
obj-y += fault.o fault_anon.o fault_file.o
obj-y += page_lock.o page_cache.o readahead.o writeback.o lru.o
obj-y += vm_pin.o clone.o
obj-y += vm_object_shared.o vm_advise.o vm_lock.o vm_sync.o vm_remap.o
obj-y += reclaim.o oom.o
