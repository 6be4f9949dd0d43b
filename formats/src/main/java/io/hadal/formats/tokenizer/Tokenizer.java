package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Byte-level BPE tokenizer (spec section 9.1). Immutable and thread-safe.
 *
 * <p>Neither direction adds or removes anything: {@link #encode} puts no BOS or EOS (prompt
 * templates already contain BOS), {@link #decode} cleans up no spaces. Time is linear in the text,
 * O(n log n) within one long piece; a piece of n bytes needs about 40 n bytes of memory.
 *
 * <p>An id without a token – a model's vocabulary is often padded beyond that of its tokenizer, and
 * vocabularies may have holes – has the empty text and decodes to nothing.
 */
public final class Tokenizer {
  /** Longest text of one call, in chars; three UTF-8 bytes per char still fit an array. */
  private static final int MAX_CHARS = 1 << 29;

  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final BytePairEncoder encoder;
  private final AddedTokenMatcher addedTokens;
  private final OptionalInt bos;
  private final OptionalInt eos;
  private final boolean addBos;

  Tokenizer(
      Vocabulary vocabulary,
      PreTokenizer preTokenizer,
      BytePairEncoder encoder,
      OptionalInt bos,
      OptionalInt eos,
      boolean addBos) {
    this.vocabulary = vocabulary;
    this.preTokenizer = preTokenizer;
    this.encoder = encoder;
    this.addedTokens = new AddedTokenMatcher(vocabulary.tokens, vocabulary.added);
    this.bos = bos;
    this.eos = eos;
    this.addBos = addBos;
  }

  /**
   * Reads a {@code tokenizer.json}. BOS, EOS and {@link #addBos} come from {@code
   * tokenizer_config.json} beside it; without that file BOS and EOS are the DeepSeek tokens of that
   * name, if present.
   *
   * @throws FormatException if a file is broken or needs a feature that is not supported
   */
  public static Tokenizer fromJson(Path tokenizerJson) {
    return TokenizerJson.read(tokenizerJson);
  }

  /**
   * As {@link #fromJson(Path)}, from memory and without a {@code tokenizer_config.json}.
   *
   * @param source name for error messages
   */
  public static Tokenizer fromJson(byte[] utf8, String source) {
    return TokenizerJson.read(utf8, source);
  }

  /**
   * Builds the tokenizer of a GGUF file. Control tokens are special; control and user-defined
   * tokens are added tokens; unused ones stand for no text.
   *
   * @param source file name for error messages
   * @throws FormatException if the metadata are inconsistent or need a feature not supported
   */
  public static Tokenizer fromGguf(GgufVocabulary gguf, String source) {
    return TokenizerGguf.read(gguf, source);
  }

  /**
   * Token ids of a text.
   *
   * <p>With {@code parseSpecial} the added tokens (special or not) are cut out first, the longest
   * match at each position. Without it every character is ordinary text and no id of an added token
   * comes out: the mode for untrusted text.
   *
   * <p>A lone surrogate is encoded as U+FFFD.
   *
   * @throws IllegalArgumentException for more than 2^29 chars
   */
  public int[] encode(CharSequence text, boolean parseSpecial) {
    if (text.length() > MAX_CHARS) {
      throw new IllegalArgumentException(
          "text of " + text.length() + " chars is longer than the limit of " + MAX_CHARS);
    }
    char[] chars = text.toString().toCharArray();
    TokenBuffer out = new TokenBuffer(chars.length / 4 + 8);
    BytePairEncoder.Scratch scratch = new BytePairEncoder.Scratch();
    int from = 0;
    int at = parseSpecial ? 0 : chars.length;
    while (at < chars.length) {
      at = addedTokens.nextCandidate(chars, at, chars.length);
      if (at == chars.length) {
        break;
      }
      int id = addedTokens.longestAt(chars, at, chars.length);
      if (id == AddedTokenMatcher.NONE) {
        at++;
        continue;
      }
      encodeOrdinary(chars, from, at, scratch, out);
      out.add(id);
      at += vocabulary.token(id).length();
      from = at;
    }
    encodeOrdinary(chars, from, chars.length, scratch, out);
    return out.tail(0);
  }

  private void encodeOrdinary(
      char[] text, int start, int end, BytePairEncoder.Scratch scratch, TokenBuffer out) {
    int i = start;
    while (i < end) {
      int pieceEnd = preTokenizer.pieceEnd(text, i, end);
      encoder.encode(text, i, pieceEnd, scratch, out);
      i = pieceEnd;
    }
  }

  /** Text of the ids, special tokens included; bytes that are not UTF-8 become U+FFFD. */
  public String decode(int[] ids) {
    return decode(ids, false);
  }

  /** Text of the ids, special tokens left out if {@code skipSpecial}. */
  public String decode(int[] ids, boolean skipSpecial) {
    Utf8Decoder decoder = new Utf8Decoder();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      decode(id, skipSpecial, decoder, text);
    }
    decoder.finish(text);
    return text.toString();
  }

  /** Bytes of the ids, special tokens included. */
  public byte[] decodeBytes(int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      bytes.writeBytes(vocabulary.bytes(id));
    }
    return bytes.toByteArray();
  }

  /** A decoder for ids that arrive one by one, special tokens included. */
  public StreamingDecoder newDecoder() {
    return newDecoder(false);
  }

  /** A decoder for ids that arrive one by one, special tokens left out if {@code skipSpecial}. */
  public StreamingDecoder newDecoder(boolean skipSpecial) {
    return new StreamingDecoder(this, skipSpecial);
  }

  void decode(int id, boolean skipSpecial, Utf8Decoder decoder, StringBuilder text) {
    if (!skipSpecial || !isSpecial(id)) {
      byte[] bytes = vocabulary.bytes(id);
      decoder.decode(bytes, 0, bytes.length, text);
    }
  }

  /** Highest id of a token, plus one. */
  public int vocabSize() {
    return vocabulary.size();
  }

  /** Text of a token as the vocabulary writes it (byte alphabet), empty for an id without one. */
  public String token(int id) {
    return vocabulary.token(id);
  }

  /** A copy of the bytes a token stands for, empty for an id without a token. */
  public byte[] tokenBytes(int id) {
    return vocabulary.bytes(id).clone();
  }

  /** Id of a token, given as the vocabulary writes it. */
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  /** Whether {@code skipSpecial} leaves this token out. GGUF marks more tokens than the JSON. */
  public boolean isSpecial(int id) {
    return id >= 0 && vocabulary.special.get(id);
  }

  /** Whether only {@code parseSpecial} can produce this token. */
  public boolean isAdded(int id) {
    return id >= 0 && vocabulary.added.get(id);
  }

  /** Beginning of sequence. */
  public OptionalInt bos() {
    return bos;
  }

  /** End of sequence. */
  public OptionalInt eos() {
    return eos;
  }

  /**
   * Whether the files ask to prepend BOS to raw text; {@link #encode} leaves that to the caller.
   */
  public boolean addBos() {
    return addBos;
  }
}
