package io.hadal.model.forward;

import io.hadal.model.cache.SequenceCache;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens of one step: consecutive positions of one or more timelines, laid out one after the other.
 */
public final class Batch {

  /**
   * The part of one timeline.
   *
   * @param start position of the first token
   * @param offset its row in the batch
   */
  public record Span(SequenceCache cache, int start, int offset, int count) {}

  private final List<Span> spans = new ArrayList<>();
  private final int[] ids;
  private final int[] positions;
  private final boolean proposal;
  private final boolean encoded;
  private int size;

  public Batch(int capacity) {
    this(capacity, false, false);
  }

  private Batch(int capacity, boolean proposal, boolean encoded) {
    this.ids = new int[capacity];
    this.positions = new int[capacity];
    this.proposal = proposal;
    this.encoded = encoded;
  }

  /** Guessed tokens behind a timeline: they see each other both ways and leave no trace in it. */
  static Batch proposal(SequenceCache cache, int[] tokens) {
    Batch batch = new Batch(tokens.length, true, false);
    batch.add(cache, tokens, 0, tokens.length);
    return batch;
  }

  /** Tokens that only the encoder takes in; they have no logits (V4.1 spec 4.4). */
  public static Batch encoded(int capacity) {
    return new Batch(capacity, false, true);
  }

  boolean isEncoded() {
    return encoded;
  }

  boolean isProposal() {
    return proposal;
  }

  /** Adds the next {@code count} tokens of a timeline. */
  public void add(SequenceCache cache, int[] tokens, int from, int count) {
    int start = cache.length();
    spans.add(new Span(cache, start, size, count));
    for (int i = 0; i < count; i++) {
      ids[size + i] = tokens[from + i];
      positions[size + i] = start + i;
    }
    size += count;
  }

  /** Some of the rows, ascending, as a batch of their own over the same timelines. */
  Batch part(int[] rows) {
    Batch part = new Batch(rows.length, proposal, encoded);
    int at = 0;
    for (Span span : spans) {
      while (at < rows.length && rows[at] < span.offset() + span.count()) {
        int first = rows[at];
        int from = at;
        while (at < rows.length
            && rows[at] == first + at - from
            && rows[at] < span.offset() + span.count()) {
          part.ids[at] = ids[rows[at]];
          part.positions[at] = positions[rows[at]];
          at++;
        }
        part.spans.add(new Span(span.cache(), positions[first], from, at - from));
      }
    }
    part.size = at;
    return part;
  }

  public int size() {
    return size;
  }

  public List<Span> spans() {
    return spans;
  }

  public int id(int row) {
    return ids[row];
  }

  public int position(int row) {
    return positions[row];
  }

  void begin() {
    for (Span span : spans) {
      span.cache().begin(ids, span.offset(), span.count());
    }
  }

  void commit() {
    for (Span span : spans) {
      if (encoded) {
        span.cache().commitEncoded(span.count());
      } else {
        span.cache().commit(span.count());
      }
    }
  }

  void abort() {
    for (Span span : spans) {
      span.cache().abort();
    }
  }
}
