package io.hadal.train;

/** Encoded documents, one after the other. Safe for concurrent use. */
public interface TokenStore {
  /** Number of tokens. */
  long tokens();

  /** Number of documents. */
  long documents();

  /** First token of a document; that of document {@link #documents} is the number of tokens. */
  long documentStart(long document);

  /** Copies tokens {@code from .. from + count - 1} to {@code into} from {@code offset}. */
  void read(long from, int[] into, int offset, int count);

  /**
   * The same for tokens to be predicted: -1 in place of those that nothing is to be learnt from.
   */
  default void readTargets(long from, int[] into, int offset, int count) {
    read(from, into, offset, count);
  }
}
