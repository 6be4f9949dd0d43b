package io.hadal.server.explain;

import io.hadal.chat.ChatRequest;
import io.hadal.chat.Usage;
import io.hadal.platform.tenancy.Place;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Compares each prompt with the one before it in its conversation (platform.md 2.10): where they
 * part, why, and what the cache gave. Keeps lengths and hashes only, in memory, and nothing of
 * clients whose requests must not outlive them.
 */
public final class CacheExplainer {
  private static final int MOST_SESSIONS = 10_000;
  private static final int MOST_ENTRIES = 1_000;

  private final Clock clock;
  private final byte[] salt = new byte[16];
  private final Map<String, Seen> sessions =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
          return size() > MOST_SESSIONS;
        }
      };
  private final Deque<Entry> entries = new ArrayDeque<>();

  /** The last prompt of a conversation; its tokens are known when it was answered. */
  private static final class Seen {
    private final PromptOutline outline;
    private long tokens;

    Seen(PromptOutline outline) {
      this.outline = outline;
    }
  }

  /** A prompt that is being answered. */
  public static final class Asked {
    private final String session;
    private final CacheMiss difference;
    private final Seen seen;
    private final long before;

    private Asked(String session, CacheMiss difference, Seen seen, long before) {
      this.session = session;
      this.difference = difference;
      this.seen = seen;
      this.before = before;
    }

    public CacheMiss difference() {
      return difference;
    }
  }

  /**
   * A prompt that was answered.
   *
   * @param at milliseconds since 1970
   * @param place the project that asked
   * @param session hash of the conversation
   * @param promptTokens its length
   * @param cached tokens of it that the cache had
   */
  public record Entry(
      long at,
      Place place,
      String session,
      String requestId,
      String model,
      CacheMiss miss,
      long promptTokens,
      long cached) {}

  public CacheExplainer(Clock clock) {
    this.clock = clock;
    new SecureRandom().nextBytes(salt);
  }

  /**
   * Compares a prompt with the one before it.
   *
   * @param session hash of the session that the client names; null when it names none
   * @return null for clients of which nothing may be kept
   */
  public @Nullable Asked ask(ChatRequest request, @Nullable String session) {
    if (!request.client().kept()) {
      return null;
    }
    PromptOutline outline = PromptOutline.of(request, salt);
    String name = session == null ? "p-" + outline.opening() : session;
    Seen now = new Seen(outline);
    Seen last;
    synchronized (this) {
      last = sessions.put(request.client().cacheKey() + " " + name, now);
    }
    return new Asked(
        name,
        CacheMiss.between(last == null ? null : last.outline, outline),
        now,
        last == null ? 0 : last.tokens);
  }

  /** Keeps what became of a prompt. */
  public void answered(Asked asked, Place place, String requestId, String model, Usage usage) {
    long prompt = (long) usage.inputUncached() + usage.cacheRead() + usage.cacheWrite();
    if (prompt == 0) {
      return;
    }
    CacheMiss miss = asked.difference;
    // Less than half of what the last prompt had: it was there once.
    boolean lost = miss.cause().equals("extended") && usage.cacheRead() < asked.before / 2;
    Entry entry =
        new Entry(
            clock.millis(),
            place,
            asked.session,
            requestId,
            model,
            lost ? miss.because("lost") : miss,
            prompt,
            usage.cacheRead());
    synchronized (this) {
      asked.seen.tokens = prompt;
      entries.addFirst(entry);
      if (entries.size() > MOST_ENTRIES) {
        entries.removeLast();
      }
    }
  }

  /** The newest answers that someone may see. */
  public synchronized List<Entry> entries(Predicate<Entry> visible, int limit) {
    List<Entry> found = new ArrayList<>();
    for (Entry entry : entries) {
      if (found.size() < limit && visible.test(entry)) {
        found.add(entry);
      }
    }
    return found;
  }
}
