/* SPDX-License-Identifier: Apache-2.0 */

#include "support/starved_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<bool> refuses;
static std::atomic<size_t> count;

void starved_new_set(bool is_starved)
{
    refuses = is_starved;
}

size_t starved_new_count(void)
{
    return count;
}

void *operator new(std::size_t bytes)
{
    count++;
    void *memory = refuses ? nullptr : std::malloc(bytes);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

void operator delete(void *memory) noexcept
{
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}
