#pragma once

/// Annotations that say which mutex guards a value, and which functions expect a lock. The clang build fails
/// where the code does not follow them; other compilers ignore them. Clang does not look into constructors,
/// destructors and the callers of a std::function. Each macro takes the names of mutexes, which may be
/// declared after it. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#if defined(__clang__)
#define MILLRACE_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define MILLRACE_THREAD_ATTRIBUTE(attribute)
#endif

/// On a member: it is read and written only while the mutex is held.
#define MILLRACE_GUARDED_BY(mutex) MILLRACE_THREAD_ATTRIBUTE(guarded_by(mutex))

/// On a function or a lambda: the caller holds the mutex.
#define MILLRACE_REQUIRES(...) MILLRACE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))

/// On a function: the caller does not hold the mutex, because the function takes it.
#define MILLRACE_EXCLUDES(...) MILLRACE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

/// On a function: it takes the mutex and returns with it, or releases it. Without a name, the mutex is the
/// object itself.
#define MILLRACE_ACQUIRE(...) MILLRACE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define MILLRACE_RELEASE(...) MILLRACE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

/// On a class: it is a mutex, or it holds a mutex for a scope.
#define MILLRACE_CAPABILITY(name) MILLRACE_THREAD_ATTRIBUTE(capability(name))
#define MILLRACE_SCOPED_CAPABILITY MILLRACE_THREAD_ATTRIBUTE(scoped_lockable)

/// On a function: clang does not check its body. A comment beside it says why the body is right.
#define MILLRACE_NO_THREAD_SAFETY_ANALYSIS MILLRACE_THREAD_ATTRIBUTE(no_thread_safety_analysis)
