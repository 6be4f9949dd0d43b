package io.hadal.model.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Off-heap pages under one byte budget; returned pages are used again before new memory is asked
 * for.
 */
final class PagePool implements AutoCloseable {

  /** A counted piece of memory; shared pages are read-only by agreement. */
  static final class Page {
    final MemorySegment memory;
    private int users = 1;

    private Page(MemorySegment memory) {
      this.memory = memory;
    }
  }

  private final Arena arena = Arena.ofShared();
  private final long budget;
  private final Map<Long, ArrayDeque<Page>> free = new HashMap<>();
  private long allocated;
  private long idle;

  PagePool(long budget) {
    this.budget = budget;
  }

  synchronized Page take(long bytes) {
    ArrayDeque<Page> pages = free.get(bytes);
    if (pages != null && !pages.isEmpty()) {
      Page page = pages.pop();
      idle -= bytes;
      page.users = 1;
      return page;
    }
    if (allocated + bytes > budget) {
      throw new KvBudgetException(allocated - idle, bytes, budget);
    }
    MemorySegment memory = arena.allocate(bytes, 64);
    allocated += bytes;
    return new Page(memory);
  }

  synchronized Page share(Page page) {
    page.users++;
    return page;
  }

  synchronized boolean shared(Page page) {
    return page.users > 1;
  }

  synchronized void give(Page page) {
    if (--page.users == 0) {
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

  @Override
  public void close() {
    arena.close();
  }
}
