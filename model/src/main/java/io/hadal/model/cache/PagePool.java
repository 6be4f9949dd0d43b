package io.hadal.model.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Off-heap pages under one byte budget; returned pages are used again before new memory is asked
 * for, and freed when pages of other sizes need their room.
 */
final class PagePool implements AutoCloseable {

  /** A counted piece of memory; shared pages are read-only by agreement. */
  static final class Page {
    final MemorySegment memory;
    private final Arena arena = Arena.ofShared();
    private int users = 1;

    private Page(long bytes) {
      this.memory = arena.allocate(bytes, 64);
    }
  }

  private final Set<Page> pages = new HashSet<>();
  private final long budget;
  private final Map<Long, ArrayDeque<Page>> free = new HashMap<>();
  private long allocated;
  private long idle;
  private boolean closed;

  PagePool(long budget) {
    this.budget = budget;
  }

  synchronized Page take(long bytes) {
    if (closed) {
      throw new IllegalStateException("the store of the caches is closed");
    }
    ArrayDeque<Page> same = free.get(bytes);
    if (same != null && !same.isEmpty()) {
      Page page = same.pop();
      idle -= bytes;
      page.users = 1;
      return page;
    }
    if (allocated - idle + bytes > budget) {
      throw new KvBudgetException(allocated - idle, bytes, budget);
    }
    if (allocated + bytes > budget) {
      freeIdle();
    }
    Page page = new Page(bytes);
    pages.add(page);
    allocated += bytes;
    return page;
  }

  private void freeIdle() {
    for (ArrayDeque<Page> same : free.values()) {
      same.forEach(this::free);
    }
    free.clear();
    allocated -= idle;
    idle = 0;
  }

  private void free(Page page) {
    pages.remove(page);
    page.arena.close();
  }

  synchronized Page share(Page page) {
    page.users++;
    return page;
  }

  synchronized boolean shared(Page page) {
    return page.users > 1;
  }

  synchronized void give(Page page) {
    if (--page.users == 0 && pages.contains(page)) {
      long bytes = page.memory.byteSize();
      free.computeIfAbsent(bytes, b -> new ArrayDeque<>()).push(page);
      idle += bytes;
    }
  }

  synchronized long usedBytes() {
    return allocated - idle;
  }

  long budget() {
    return budget;
  }

  /** Frees all memory; may be called again. */
  @Override
  public synchronized void close() {
    closed = true;
    pages.forEach(page -> page.arena.close());
    pages.clear();
    free.clear();
  }
}
