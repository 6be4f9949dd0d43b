package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Row ids of one layer's table with structural channels beside the token n-grams (engram spec
 * 10.4). The columns of the n-grams come first, equal to those of the plain {@link EngramIndex};
 * then each channel's heads. The table's last row stands for an absent tuple; its values must be
 * zero. Immutable.
 */
public final class CodeEngramIndex implements RowIndex {
  private final EngramIndex tokens;
  private final CodeVocabulary vocabulary;
  private final List<ChannelHash> channels;
  private final int heads;
  private final int absentRow;

  /** Constants of one channel; row ids start at the offsets. */
  private record ChannelHash(
      CodeChannel channel, List<Long> multipliers, List<Integer> primes, List<Integer> offsets) {}

  private CodeEngramIndex(
      EngramIndex tokens,
      CodeVocabulary vocabulary,
      List<ChannelHash> channels,
      int heads,
      int absentRow) {
    this.tokens = tokens;
    this.vocabulary = vocabulary;
    this.channels = channels;
    this.heads = heads;
    this.absentRow = absentRow;
  }

  /**
   * Computes the row index of each layer.
   *
   * @param shape of the token n-grams, with the size of their canonical map
   * @param channels smallest table size of a head of each channel in use
   * @param pad canonical id that stands for blocked positions
   * @param source file name for error messages
   * @return one per layer, in the order of the shape
   * @throws FormatException when the shape is out of bounds or a table has too many rows
   */
  public static List<CodeEngramIndex> of(
      EngramShape shape,
      Map<CodeChannel, Integer> channels,
      CodeVocabulary vocabulary,
      int pad,
      String source) {
    shape.check(source);
    SortedMap<CodeChannel, Integer> sorted = new TreeMap<>(channels);
    sorted.forEach(
        (channel, size) -> {
          if (size < 1) {
            throw new FormatException(
                source, "table size " + size + " of channel " + channel + " is not positive");
          }
        });
    PrimeSearch search = new PrimeSearch(source);
    List<CodeEngramIndex> indexes = new ArrayList<>();
    for (int layer : shape.layerIds()) {
      EngramIndex tokens = shape.index(layer, search, pad, source);
      long next = tokens.rowCount();
      List<ChannelHash> hashes = new ArrayList<>();
      for (Map.Entry<CodeChannel, Integer> entry : sorted.entrySet()) {
        int[] primes = new int[shape.heads()];
        search.next(entry.getValue(), primes.length, primes, 0);
        List<Integer> sizes = new ArrayList<>();
        List<Integer> offsets = new ArrayList<>();
        for (int prime : primes) {
          sizes.add(prime);
          offsets.add((int) Math.min(next, Integer.MAX_VALUE));
          next += prime;
        }
        hashes.add(
            new ChannelHash(
                entry.getKey(),
                multipliers(entry.getKey(), layer, vocabulary),
                List.copyOf(sizes),
                List.copyOf(offsets)));
      }
      if (next >= Integer.MAX_VALUE) {
        throw new FormatException(source, "an Engram table has more than 2^31 - 1 rows");
      }
      indexes.add(
          new CodeEngramIndex(tokens, vocabulary, List.copyOf(hashes), shape.heads(), (int) next));
    }
    return Collections.unmodifiableList(indexes);
  }

  private static List<Long> multipliers(CodeChannel channel, int layer, CodeVocabulary vocabulary) {
    List<Long> out = new ArrayList<>();
    for (long m :
        EngramShape.multipliers(
            channel.seed(layer), channel.length(), vocabulary.size() + CodeChannel.EXTRA_IDS)) {
      out.add(m);
    }
    return List.copyOf(out);
  }

  /**
   * Zero-based layers of the modules: blocks 2, 8, 15 and 25, in shallower models at the same
   * fractions of the depth (engram spec 10.1).
   */
  public static List<Integer> layers(int layerCount) {
    if (layerCount >= 26) {
      return List.of(1, 7, 14, 24);
    }
    List<Integer> ids = new ArrayList<>();
    for (int numerator : new int[] {1, 7, 14, 24}) {
      int id = Math.max(1, Math.round(numerator * layerCount / 30f));
      if (id < layerCount && !ids.contains(id)) {
        ids.add(id);
      }
    }
    return List.copyOf(ids);
  }

  @Override
  public int rowCount() {
    return absentRow + 1;
  }

  @Override
  public int absentRow() {
    return absentRow;
  }

  @Override
  public int columns() {
    return tokens.columns() + channels.size() * heads;
  }

  @Override
  public int lookback() {
    return tokens.lookback();
  }

  @Override
  public String channel(int column) {
    if (column < tokens.columns()) {
      return tokens.channel(column);
    }
    return channels.get((column - tokens.columns()) / heads).channel().name();
  }

  @Override
  public boolean structural() {
    return !channels.isEmpty();
  }

  @Override
  public void rows(
      int[] canonical, int start, int from, int count, int[] features, int[] out, int outOffset) {
    int[] ngrams = new int[count * tokens.columns()];
    tokens.rows(canonical, start, from, count, ngrams, 0);
    int[] tuple = new int[CodeChannel.S4.length()];
    for (int t = 0; t < count; t++) {
      int o = outOffset + t * columns();
      System.arraycopy(ngrams, t * tokens.columns(), out, o, tokens.columns());
      o += tokens.columns();
      int at = t * StructuralFeatures.COUNT;
      for (ChannelHash hash : channels) {
        if (canonical[from + t] < 0 || !hash.channel().isPresent(features, at)) {
          Arrays.fill(out, o, o + heads, absentRow);
        } else {
          hash.channel().tuple(vocabulary, features, at, tuple);
          write(hash, tuple, out, o);
        }
        o += heads;
      }
    }
  }

  private static void write(ChannelHash hash, int[] tuple, int[] out, int at) {
    long roll = 0;
    for (int i = 0; i < hash.channel().length(); i++) {
      roll ^= tuple[i] * hash.multipliers().get(i);
    }
    for (int h = 0; h < hash.primes().size(); h++) {
      out[at + h] = (int) (roll % hash.primes().get(h)) + hash.offsets().get(h);
    }
  }
}
