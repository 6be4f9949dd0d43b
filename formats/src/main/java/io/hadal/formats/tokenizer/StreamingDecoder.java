package io.hadal.formats.tokenizer;

/**
 * Decodes ids one by one without ever emitting part of a code point. The emitted texts and that of
 * {@link #finish} concatenate to {@link Tokenizer#decode} of all ids. Not thread-safe.
 */
public final class StreamingDecoder {
  private final Tokenizer tokenizer;
  private final boolean skipSpecial;
  private final Utf8Decoder decoder = new Utf8Decoder();
  private final StringBuilder text = new StringBuilder();

  StreamingDecoder(Tokenizer tokenizer, boolean skipSpecial) {
    this.tokenizer = tokenizer;
    this.skipSpecial = skipSpecial;
  }

  /** Takes the next id and returns the text that is complete now, maybe empty. */
  public String append(int id) {
    tokenizer.decode(id, skipSpecial, decoder, text);
    return drain();
  }

  /** Ends the text: the bytes of an unfinished code point come out as U+FFFD. */
  public String finish() {
    decoder.finish(text);
    return drain();
  }

  private String drain() {
    String drained = text.toString();
    text.setLength(0);
    return drained;
  }
}
