package io.hadal.engine.serving;

import io.hadal.engine.Session;
import io.hadal.engine.serving.PrefixFolder.Stored;
import io.hadal.formats.Sha256;
import io.hadal.model.cache.KvBudgetException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * States of earlier requests, found by the tokens they begin with, under budgets of bytes in memory
 * and on disk; those not used for longest go first. States of different keys never meet. Used by
 * the engine's thread; files are read and written on another one, whose results wait until {@link
 * #takeNews}.
 */
final class PrefixCache implements AutoCloseable {
  /** How far behind the end of what is shared a state may be, to be cut back to it. */
  private static final int REACH = 512;

  /** Keys of tenants that are remembered without states. */
  private static final int MOST_KEYS = 4096;

  private static final long NEVER = Long.MAX_VALUE;

  /** States on their way to the disk after which further ones are dropped. */
  private static final int MOST_LEAVING = 4;

  private final long budget;
  private final long diskBudget;
  private final @Nullable PrefixFolder folder;
  private final Runnable wake;
  private final @Nullable ExecutorService disk;
  private final LinkedBlockingQueue<Runnable> news = new LinkedBlockingQueue<>();
  private final Map<String, TokenTree<Entry>> trees = new HashMap<>();
  // In memory and on disk, least recently used first.
  private final LinkedHashSet<Entry> held = new LinkedHashSet<>();
  private final LinkedHashSet<Entry> filed = new LinkedHashSet<>();
  private final PageCount all = new PageCount();
  // Tenants with limits of their own, by name and by the hashes of their keys.
  private final Map<String, Owner> owners = new HashMap<>();
  private final Map<String, Owner> ownersByKey = new HashMap<>();
  // When the first state may have to be forgotten.
  private long nextExpiry = NEVER;
  private long diskBytes;
  private int saving;

  /** A retained state: in memory, on disk, or both. */
  private static final class Entry {
    final String key;
    final int length;
    TokenTree.@Nullable Node<Entry> place;
    @Nullable Session session;
    @Nullable Stored stored;
    // Worth a file.
    boolean durable;
    boolean saving;
    // By System.nanoTime().
    long used = System.nanoTime();

    Entry(String key, int length) {
      this.key = key;
      this.length = length;
    }
  }

  /** A tenant with limits of its own. */
  private static final class Owner {
    final PageCount pages = new PageCount();
    PrefixLimits limits;

    Owner(PrefixLimits limits) {
      this.limits = limits;
    }
  }

  /** What is there for a sequence of tokens. */
  static final class Match {
    private final int wanted;
    private final boolean files;
    private @Nullable Entry entry;
    private int length;
    private int shared;

    private Match(int wanted, boolean files) {
      this.wanted = wanted;
      this.files = files;
    }

    /** Tokens that some earlier sequence begins with as well. */
    int shared() {
      return shared;
    }

    /** True when the state has to be read from a file. */
    boolean isFiled() {
      return entry != null && entry.session == null;
    }

    private void on(Entry candidate) {
      Session session = candidate.session;
      if (session == null) {
        if (files && candidate.stored != null) {
          take(candidate, candidate.length);
        }
      } else if (candidate.length < wanted || session.hasLogits()) {
        // Without tokens to take in, there must be logits.
        take(candidate, candidate.length);
      } else {
        below(candidate, wanted - 1);
      }
    }

    private void below(Entry candidate, int to) {
      if (to > length && candidate.session != null && candidate.session.canRewind(to)) {
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
   * @param budget most bytes of retained states in memory; 0 to retain nothing
   * @param folder where states outlive the process; null for nowhere
   * @param diskBudget most bytes there
   * @param wake called from another thread when there are news
   */
  PrefixCache(long budget, @Nullable PrefixFolder folder, long diskBudget, Runnable wake) {
    this.budget = budget;
    this.folder = folder;
    this.diskBudget = diskBudget;
    this.wake = wake;
    this.disk =
        folder == null
            ? null
            : Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("hadal-prefix-disk").daemon().factory());
    if (folder != null) {
      for (Stored stored : folder.list()) {
        Entry entry = new Entry(stored.key(), stored.tokens().length);
        entry.used -= 1_000_000 * Math.max(0, System.currentTimeMillis() - stored.usedMillis());
        if (!stored.key().isEmpty()) {
          entry.place = tree(stored.key()).place(stored.tokens());
          entry.place.value = entry;
        }
        file(entry, stored);
      }
    }
  }

  private TokenTree<Entry> tree(String key) {
    return trees.computeIfAbsent(key, k -> new TokenTree<>());
  }

  /** Bytes of retained states in memory; what they share counts once. */
  long bytes() {
    return all.bytes();
  }

  long diskBytes() {
    return diskBytes;
  }

  boolean hasNews() {
    return !news.isEmpty();
  }

  /** Takes in what the disk has brought. */
  void takeNews() {
    for (Runnable item = news.poll(); item != null; item = news.poll()) {
      item.run();
    }
  }

  /**
   * The longest state of a key for a sequence.
   *
   * @param files whether states on disk count
   */
  Match find(String key, int[] tokens, boolean files) {
    Match match = new Match(tokens.length, files);
    TokenTree<Entry> tree = trees.get(hash(key));
    if (tree != null) {
      List<Entry> near = new ArrayList<>();
      match.shared = tree.walk(tokens, match::on, REACH, near::add);
      int to = Math.min(match.shared, tokens.length - 1);
      near.forEach(entry -> match.below(entry, to));
    }
    return match;
  }

  /**
   * Says whose key it is, and what its owner may retain.
   *
   * @param limits null for no limits of its own
   */
  void owned(String key, String tenant, @Nullable PrefixLimits limits) {
    Owner owner = owners.get(tenant);
    if (limits == null) {
      if (owner != null) {
        owners.remove(tenant);
        ownersByKey.values().removeIf(owner::equals);
      }
      return;
    }
    if (owner == null) {
      owner = new Owner(limits);
      owners.put(tenant, owner);
    }
    boolean tighter = !limits.equals(owner.limits);
    owner.limits = limits;
    String hash = hash(key);
    if (ownersByKey.get(hash) != owner) {
      if (ownersByKey.size() > MOST_KEYS) {
        ownersByKey.keySet().retainAll(trees.keySet());
      }
      ownersByKey.put(hash, owner);
      for (Entry entry : held) {
        if (entry.key.equals(hash)) {
          owner.pages.add(Objects.requireNonNull(entry.session));
        }
      }
      tighter = true;
    }
    if (tighter) {
      nextExpiry = System.nanoTime();
      bound(owner);
    }
  }

  /** Nanoseconds until a state may have to be forgotten; negative for never. */
  long untilExpiry(long now) {
    return nextExpiry == NEVER ? -1 : Math.max(0, nextExpiry - now);
  }

  /**
   * Forgets what was not used for longer than its owner wants, in memory and on disk.
   *
   * @return whether there was something
   */
  boolean expire(long now) {
    if (nextExpiry == NEVER || now < nextExpiry) {
      return false;
    }
    boolean any = false;
    nextExpiry = NEVER;
    LinkedHashSet<Entry> known = new LinkedHashSet<>(held);
    known.addAll(filed);
    for (Entry entry : known) {
      Owner owner = ownersByKey.get(entry.key);
      if (owner == null || owner.limits.idle().isZero()) {
        continue;
      }
      long end = entry.used + owner.limits.idle().toNanos();
      if (end > now) {
        nextExpiry = Math.min(nextExpiry, end);
      } else if (entry.saving) {
        nextExpiry = Math.min(nextExpiry, now + 100_000_000);
      } else {
        drop(entry);
        any = true;
      }
    }
    return any;
  }

  private void drop(Entry entry) {
    if (entry.session != null) {
      release(entry).close();
    }
    delete(entry);
    forget(entry);
  }

  private void delete(Entry entry) {
    Stored stored = entry.stored;
    if (stored != null) {
      PrefixFolder.delete(stored.file());
      unfile(entry);
    }
  }

  /** Lets states of an owner go that it has no room for, those first that were not used longest. */
  private void bound(Owner owner) {
    long most = owner.limits.bytes();
    if (most == 0) {
      return;
    }
    while (owner.pages.bytes() > most) {
      Entry oldest = oldest(owner);
      if (oldest == null) {
        break;
      }
      spill(oldest);
    }
    long onDisk = 0;
    for (Entry entry : List.copyOf(filed).reversed()) {
      if (ownersByKey.get(entry.key) == owner) {
        onDisk += Objects.requireNonNull(entry.stored).bytes();
        if (onDisk > most) {
          delete(entry);
        }
      }
    }
  }

  private static String hash(String key) {
    return Sha256.hex(key);
  }

  /**
   * A session that continues a match; its state stays here.
   *
   * @return null when nothing was found in memory
   * @throws KvBudgetException when there is no room for it
   */
  @Nullable Session open(Match match) {
    Entry entry = match.entry;
    if (entry == null || entry.session == null) {
      return null;
    }
    touch(entry);
    Session session = entry.session.fork();
    if (session.length() > match.length) {
      session.rewind(match.length);
    }
    return session;
  }

  /**
   * Reads a match from its file.
   *
   * @param then receives the session with the next news, or null when there is none: with true when
   *     for want of memory
   */
  void load(Match match, BiConsumer<@Nullable Session, Boolean> then) {
    Entry entry = Objects.requireNonNull(match.entry);
    Stored stored = Objects.requireNonNull(entry.stored);
    touch(entry);
    onDisk(
        () -> {
          Session session = null;
          boolean full = false;
          try {
            session = Objects.requireNonNull(folder).read(stored);
          } catch (KvBudgetException e) {
            full = true;
          }
          Session read = session;
          boolean noRoom = full;
          return () -> {
            if (read == null && !noRoom) {
              unfile(entry);
            }
            then.accept(read, noRoom);
          };
        });
  }

  /** Work of the other thread; it gives what has to be done on this one. */
  private interface DiskTask {
    Runnable run();
  }

  private void onDisk(DiskTask task) {
    Objects.requireNonNull(disk)
        .execute(
            () -> {
              news.add(task.run());
              wake.run();
            });
  }

  private void touch(Entry entry) {
    entry.used = System.nanoTime();
    Owner owner = ownersByKey.get(entry.key);
    if (owner != null && !owner.limits.idle().isZero()) {
      nextExpiry = Math.min(nextExpiry, entry.used + owner.limits.idle().toNanos());
    }
    if (held.remove(entry)) {
      held.add(entry);
    }
    if (filed.remove(entry)) {
      filed.add(entry);
    }
  }

  /** True when a state is in memory; it counts as used. */
  boolean holds(String key, int[] tokens) {
    TokenTree<Entry> tree = trees.get(hash(key));
    Entry entry = tree == null ? null : tree.get(tokens);
    if (entry != null) {
      touch(entry);
    }
    return entry != null && entry.session != null;
  }

  /**
   * Retains a session, which is closed when it has to go.
   *
   * @param durable true when it is worth a file
   */
  void keep(String key, Session session, boolean durable) {
    long[] own = new long[1];
    session.memory((page, size) -> own[0] += size);
    String hash = hash(key);
    Owner owner = ownersByKey.get(hash);
    boolean fits = owner == null || owner.limits.bytes() == 0 || own[0] <= owner.limits.bytes();
    if (own[0] > budget || !fits) {
      session.close();
      return;
    }
    TokenTree.Node<Entry> place = tree(hash).place(session.tokens());
    Entry entry = place.value;
    if (entry == null) {
      entry = new Entry(hash, session.length());
      entry.place = place;
      place.value = entry;
    }
    entry.durable |= durable;
    if (entry.session != null) {
      touch(entry);
      session.close();
      return;
    }
    entry.session = session;
    held.add(entry);
    touch(entry);
    all.add(session);
    if (owner != null) {
      owner.pages.add(session);
      bound(owner);
    }
    while (all.bytes() > budget && spill()) {}
  }

  /** Lets the state go that was not used for longest, to the disk if it is worth that. */
  private boolean spill() {
    Entry entry = oldest(null);
    if (entry == null) {
      return false;
    }
    spill(entry);
    return true;
  }

  private void spill(Entry entry) {
    Session session = release(entry);
    if (unsaved(entry) && saving < MOST_LEAVING) {
      save(entry, session, true);
    } else {
      session.close();
      forget(entry);
    }
  }

  /**
   * Frees the memory of the state that was not used for longest; false when there is none. The
   * state may still be in a file.
   */
  boolean evict() {
    Entry entry = oldest(null);
    if (entry != null) {
      release(entry).close();
      forget(entry);
      return true;
    }
    return saving > 0 && await();
  }

  /**
   * The state that was not used for longest.
   *
   * @param owner whose it has to be; null for anybody's
   */
  private @Nullable Entry oldest(@Nullable Owner owner) {
    for (Entry entry : held) {
      if (!entry.saving && (owner == null || ownersByKey.get(entry.key) == owner)) {
        return entry;
      }
    }
    return null;
  }

  /** Takes the session out of an entry. */
  private Session release(Entry entry) {
    held.remove(entry);
    Session session = Objects.requireNonNull(entry.session);
    entry.session = null;
    all.remove(session);
    Owner owner = ownersByKey.get(entry.key);
    if (owner != null) {
      owner.pages.remove(session);
    }
    return session;
  }

  /** Takes an entry out of its tree that leads nowhere. */
  private void forget(Entry entry) {
    TokenTree.Node<Entry> place = entry.place;
    if (place == null || entry.session != null || entry.stored != null || entry.saving) {
      return;
    }
    TokenTree<Entry> tree = Objects.requireNonNull(trees.get(entry.key));
    tree.clear(place);
    entry.place = null;
    if (tree.isEmpty()) {
      trees.remove(entry.key);
    }
  }

  private boolean unsaved(Entry entry) {
    return folder != null && entry.durable && entry.stored == null && !entry.saving;
  }

  /** True when states would be lost if the process ended now. */
  boolean hasUnsaved() {
    return folder != null && held.stream().anyMatch(this::unsaved);
  }

  /** Writes what is not on disk yet, as long as there is room; the most recently used first. */
  void save() {
    long room = diskBudget;
    for (Entry entry : held.reversed()) {
      if (unsaved(entry)) {
        Session session = Objects.requireNonNull(entry.session);
        room -= session.cacheBytes();
        if (room < 0) {
          // The rest has had its chance; it is not tried again while nothing changes.
          entry.durable = false;
        } else {
          save(entry, session, false);
        }
      }
    }
  }

  private void save(Entry entry, Session session, boolean close) {
    entry.saving = true;
    saving++;
    onDisk(
        () -> {
          Stored stored =
              session.cacheBytes() > diskBudget
                  ? null
                  : Objects.requireNonNull(folder).write(entry.key, session);
          if (close) {
            session.close();
          }
          return () -> {
            entry.saving = false;
            saving--;
            entry.durable = false;
            if (stored != null) {
              file(entry, stored);
            }
            forget(entry);
          };
        });
  }

  private void file(Entry entry, Stored stored) {
    entry.stored = stored;
    filed.add(entry);
    diskBytes += stored.bytes();
    Owner owner = ownersByKey.get(entry.key);
    if (owner != null) {
      bound(owner);
    }
    while (diskBytes > diskBudget) {
      delete(filed.getFirst());
    }
  }

  /** The file of an entry is gone. */
  private void unfile(Entry entry) {
    if (filed.remove(entry)) {
      diskBytes -= Objects.requireNonNull(entry.stored).bytes();
      entry.stored = null;
      forget(entry);
    }
  }

  /** Waits for the disk. */
  private boolean await() {
    try {
      Runnable item = news.poll(10, TimeUnit.SECONDS);
      if (item != null) {
        item.run();
      }
      return item != null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Writes what is not on disk yet and frees the memory. */
  @Override
  public void close() {
    save();
    if (disk != null) {
      disk.close();
    }
    takeNews();
    while (evict()) {}
  }
}
