package io.hadal.engine.serving;

import io.hadal.engine.Session;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * States of earlier requests, found by the tokens they begin with, under a budget of bytes; those
 * not used for longest go first. States of different keys never meet. Used by the engine's thread.
 */
final class PrefixCache implements AutoCloseable {
  /** How far behind the end of what is shared a state may be, to be cut back to it. */
  private static final int REACH = 512;

  private final long budget;
  private final Map<String, TokenTree<Entry>> trees = new HashMap<>();
  // Least recently used first.
  private final LinkedHashSet<Entry> held = new LinkedHashSet<>();
  // Pages by the number of states that hold them.
  private final Map<Object, Integer> users = new IdentityHashMap<>();
  private long bytes;

  /** A retained state. */
  private static final class Entry {
    final String key;
    final TokenTree.Node<Entry> place;
    final Session session;

    Entry(String key, TokenTree.Node<Entry> place, Session session) {
      this.key = key;
      this.place = place;
      this.session = session;
    }
  }

  /**
   * What is there for a sequence of tokens.
   *
   * @param shared tokens that some earlier sequence begins with as well
   */
  static final class Match {
    private final int wanted;
    private @Nullable Entry entry;
    private int length;
    int shared;

    private Match(int wanted) {
      this.wanted = wanted;
    }

    /** Tokens whose state is there. */
    int length() {
      return length;
    }

    private void on(Entry candidate) {
      int has = candidate.session.length();
      // Without tokens to take in, there must be logits.
      if (has < wanted || candidate.session.hasLogits()) {
        take(candidate, has);
      } else {
        below(candidate, wanted - 1);
      }
    }

    private void below(Entry candidate, int to) {
      if (to > length && candidate.session.canRewind(to)) {
        take(candidate, to);
      }
    }

    private void take(Entry candidate, int has) {
      if (has > length) {
        entry = candidate;
        length = has;
      }
    }
  }

  /**
   * @param budget most bytes of retained states; 0 to retain nothing
   */
  PrefixCache(long budget) {
    this.budget = budget;
  }

  /** Bytes of retained states; what they share counts once. */
  long bytes() {
    return bytes;
  }

  /** The longest state of a key for a sequence. */
  Match find(String key, int[] tokens) {
    Match match = new Match(tokens.length);
    TokenTree<Entry> tree = trees.get(key);
    if (tree != null) {
      List<Entry> near = new ArrayList<>();
      match.shared = tree.walk(tokens, match::on, REACH, near::add);
      int to = Math.min(match.shared, tokens.length - 1);
      near.forEach(entry -> match.below(entry, to));
    }
    return match;
  }

  /**
   * A session that continues a match; its state stays here.
   *
   * @return null when nothing was found
   * @throws io.hadal.model.cache.KvBudgetException when there is no room for it
   */
  @Nullable Session open(Match match) {
    Entry entry = match.entry;
    if (entry == null) {
      return null;
    }
    touch(entry);
    Session session = entry.session.fork();
    if (session.length() > match.length) {
      session.rewind(match.length);
    }
    return session;
  }

  private void touch(Entry entry) {
    held.remove(entry);
    held.add(entry);
  }

  /** True when a state is there; it counts as used. */
  boolean holds(String key, int[] tokens) {
    TokenTree<Entry> tree = trees.get(key);
    Entry entry = tree == null ? null : tree.get(tokens);
    if (entry != null) {
      touch(entry);
    }
    return entry != null;
  }

  /** Retains a session, which is closed when it has to go. */
  void keep(String key, Session session) {
    long[] own = new long[1];
    session.memory((page, size) -> own[0] += size);
    if (own[0] > budget) {
      session.close();
      return;
    }
    TokenTree<Entry> tree = trees.computeIfAbsent(key, k -> new TokenTree<>());
    TokenTree.Node<Entry> place = tree.place(session.tokens());
    if (place.value != null) {
      touch(place.value);
      session.close();
      return;
    }
    Entry entry = new Entry(key, place, session);
    place.value = entry;
    held.add(entry);
    session.memory(
        (page, size) -> {
          if (users.merge(page, 1, Integer::sum) == 1) {
            bytes += size;
          }
        });
    while (bytes > budget && evict()) {}
  }

  /** Lets the state go that was not used for longest; false when there is none. */
  boolean evict() {
    if (held.isEmpty()) {
      return false;
    }
    Entry entry = held.removeFirst();
    TokenTree<Entry> tree = Objects.requireNonNull(trees.get(entry.key));
    tree.clear(entry.place);
    if (tree.isEmpty()) {
      trees.remove(entry.key);
    }
    entry.session.memory(
        (page, size) -> {
          if (users.merge(page, -1, Integer::sum) == 0) {
            users.remove(page);
            bytes -= size;
          }
        });
    entry.session.close();
    return true;
  }

  @Override
  public void close() {
    while (evict()) {}
  }
}
