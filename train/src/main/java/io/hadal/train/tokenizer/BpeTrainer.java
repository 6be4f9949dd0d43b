package io.hadal.train.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.LongConsumer;

/**
 * Byte-pair encoding, exact: each step merges the pair of adjacent symbols with the most
 * occurrences in the counted words, of equal ones the pair with the smaller left, then right id.
 * Symbols 0 to 255 are the bytes, symbol 256 + k is the result of merge k.
 *
 * <p>Only words that hold the merged pair are looked at again; the counts of a pair can only fall
 * once it is complete, so a queue of old counts finds the maximum by correcting its head.
 */
public final class BpeTrainer {
  private static final int BYTES = 256;

  /** A pair that occurs once is chance. */
  private static final long MIN_COUNT = 2;

  private final int maxTokenBytes;
  private final List<int[]> words = new ArrayList<>();
  private long[] counts = new long[1 << 10];
  private final Map<Long, Pair> pairs = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

  /** Two symbols that become one. */
  public record Merge(int left, int right) {}

  private static final class Pair {
    private long count;
    private int[] words = new int[4];
    private int size;

    void addWord(int word) {
      if (size > 0 && words[size - 1] == word) {
        return;
      }
      if (size == words.length) {
        words = Arrays.copyOf(words, size * 2);
      }
      words[size++] = word;
    }
  }

  private record Candidate(long pair, long count) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      int byCount = Long.compare(other.count, count);
      return byCount != 0 ? byCount : Long.compare(pair, other.pair);
    }
  }

  private BpeTrainer(WordCounts wordCounts, int maxTokenBytes) {
    this.maxTokenBytes = maxTokenBytes;
    wordCounts.forEach(this::addWord);
  }

  /**
   * Learns up to {@code merges} merges; fewer when no pair occurs twice any more.
   *
   * @param maxTokenBytes longest token, so that long rulers in comments take no vocabulary
   * @param progress receives 1 for each merge
   */
  public static List<Merge> train(
      WordCounts counts, int merges, int maxTokenBytes, LongConsumer progress) {
    return new BpeTrainer(counts, maxTokenBytes).run(merges, progress);
  }

  private void addWord(byte[] utf8, long count) {
    if (utf8.length < 2) {
      return;
    }
    int[] symbols = new int[utf8.length];
    for (int i = 0; i < symbols.length; i++) {
      symbols[i] = utf8[i] & 0xFF;
    }
    int index = words.size();
    words.add(symbols);
    if (index == counts.length) {
      counts = Arrays.copyOf(counts, index * 2);
    }
    counts[index] = count;
    for (int i = 0; i + 1 < symbols.length; i++) {
      Pair pair = pair(symbols[i], symbols[i + 1]);
      pair.count += count;
      pair.addWord(index);
    }
  }

  private Pair pair(int left, int right) {
    return pairs.computeIfAbsent(key(left, right), _ -> new Pair());
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private List<Merge> run(int limit, LongConsumer progress) {
    pairs.forEach((key, pair) -> queue.add(new Candidate(key, pair.count)));
    List<Merge> merges = new ArrayList<>();
    int[] lengths = new int[BYTES + limit];
    Arrays.fill(lengths, 0, BYTES, 1);
    while (merges.size() < limit) {
      Candidate best = queue.poll();
      if (best == null) {
        break;
      }
      Pair pair = pairs.get(best.pair);
      if (pair == null) {
        continue;
      }
      if (pair.count != best.count) {
        if (pair.count >= MIN_COUNT) {
          queue.add(new Candidate(best.pair, pair.count));
        }
        continue;
      }
      if (best.count < MIN_COUNT) {
        break;
      }
      int left = (int) (best.pair >> 32);
      int right = (int) best.pair;
      pairs.remove(best.pair);
      int length = lengths[left] + lengths[right];
      if (length > maxTokenBytes) {
        continue;
      }
      int symbol = BYTES + merges.size();
      lengths[symbol] = length;
      merges.add(new Merge(left, right));
      merge(pair, left, right, symbol);
      progress.accept(1);
    }
    return merges;
  }

  private void merge(Pair pair, int left, int right, int symbol) {
    Map<Long, Pair> fresh = new HashMap<>();
    for (int w = 0; w < pair.size; w++) {
      int index = pair.words[w];
      int[] word = words.get(index);
      long count = counts[index];
      int n = 0;
      for (int i = 0; i < word.length; i++) {
        if (i + 1 == word.length || word[i] != left || word[i + 1] != right) {
          word[n++] = word[i];
          continue;
        }
        if (n > 0) {
          reduce(word[n - 1], left, count, fresh);
          grow(word[n - 1], symbol, count, index, fresh);
        }
        if (i + 2 < word.length) {
          reduce(right, word[i + 2], count, fresh);
          grow(symbol, word[i + 2], count, index, fresh);
        }
        word[n++] = symbol;
        i++;
      }
      if (n < word.length) {
        words.set(index, Arrays.copyOf(word, n));
      }
    }
    fresh.forEach(
        (key, added) -> {
          if (added.count >= MIN_COUNT) {
            pairs.put(key, added);
            queue.add(new Candidate(key, added.count));
          }
        });
  }

  private void grow(int left, int right, long count, int word, Map<Long, Pair> fresh) {
    Pair pair = fresh.computeIfAbsent(key(left, right), _ -> new Pair());
    pair.count += count;
    pair.addWord(word);
  }

  private void reduce(int left, int right, long count, Map<Long, Pair> fresh) {
    Long key = key(left, right);
    Pair pair = fresh.get(key);
    if (pair == null) {
      pair = pairs.get(key);
    }
    if (pair != null) {
      pair.count -= count;
    }
  }
}
