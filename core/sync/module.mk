obj-y += lockdep.o mutex.o rcu.o rwlock.o spinlock.o wait.o
