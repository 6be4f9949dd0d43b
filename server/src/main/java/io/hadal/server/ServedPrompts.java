package io.hadal.server;

import io.hadal.platform.cluster.BlockCounts;
import io.hadal.platform.cluster.BlockDigest;
import io.hadal.server.routing.body.PromptBlocks;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.Call;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What prompts the engine of this process has in its cache, by their blocks, for gateways. The
 * engine does not say what it lets go; but a prompt that should have been there and was computed
 * anew shows it: since both let the oldest go first, everything as old is gone, too.
 */
final class ServedPrompts {
  private static final int MOST_BLOCKS = 16_384;

  private final BlockCounts counts = new BlockCounts();

  /** The least recently used first. */
  private final Map<Long, Boolean> blocks = new LinkedHashMap<>(1024, 0.75f, true);

  private boolean changed = true;

  /** A prompt was answered here. */
  void add(Call call, Operation operation, long bodyLimit) throws IOException {
    if (!operation.generates() || call.usage().input() == 0 || !call.client().kept()) {
      return;
    }
    RequestView view = RequestView.of(call.body(bodyLimit), operation);
    if (view != null) {
      PromptBlocks prompt = PromptBlocks.of(view, call.client().tenant());
      add(prompt.hashes(), call.usage().input(), call.usage().cacheRead());
    }
  }

  /**
   * The same in numbers.
   *
   * @param tokens of the prompt
   * @param cached tokens of it that were in the cache
   */
  synchronized void add(long[] hashes, long tokens, long cached) {
    int claimed = 0;
    while (claimed < hashes.length && blocks.containsKey(hashes[claimed])) {
      claimed++;
    }
    // Blocks and tokens do not run alike, so only a clear miss counts.
    if (claimed > 0 && 2 * claimed >= hashes.length && 8 * cached < tokens) {
      forgetTo(hashes[claimed - 1]);
    }
    // The end of a prompt goes before its beginning.
    for (int i = hashes.length - 1; i >= 0; i--) {
      if (blocks.get(hashes[i]) == null) {
        blocks.put(hashes[i], true);
        counts.add(hashes[i]);
        changed = true;
      }
    }
    while (blocks.size() > MOST_BLOCKS) {
      forget(eldest());
    }
  }

  private void forgetTo(long block) {
    long gone;
    do {
      gone = eldest();
      forget(gone);
    } while (gone != block);
  }

  private long eldest() {
    return blocks.keySet().iterator().next();
  }

  private void forget(long block) {
    blocks.remove(block);
    counts.remove(block);
    changed = true;
  }

  /** What is there; null when that has not changed since the last call. */
  synchronized @Nullable BlockDigest news() {
    if (!changed) {
      return null;
    }
    changed = false;
    return counts.digest();
  }
}
