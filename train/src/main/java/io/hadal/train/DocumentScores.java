package io.hadal.train;

import java.util.List;

/**
 * How well a model predicts each document of a text.
 *
 * @param documents in the order of the text; those without a byte to predict are left out
 */
public record DocumentScores(List<Document> documents) {

  /**
   * One document, or the part of it that was evaluated.
   *
   * @param number its place in the text
   * @param bits to encode it
   * @param bytes of text that were predicted
   */
  public record Document(long number, double bits, long bytes) {}

  public DocumentScores {
    documents = List.copyOf(documents);
  }

  /** Bits a byte over all documents. */
  public double bitsPerByte() {
    double bits = 0;
    long bytes = 0;
    for (Document d : documents) {
      bits += d.bits();
      bytes += d.bytes();
    }
    return bits / Math.max(1, bytes);
  }
}
