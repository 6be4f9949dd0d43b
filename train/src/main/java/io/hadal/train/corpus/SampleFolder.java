package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes samples in the form of {@link CorpusEncoder}, with a mark for every token that is to be
 * learnt ({@code targets.bin}, a byte each), in whole blocks of a context.
 */
public final class SampleFolder {
  /** Blocks that are open to further samples at a time. */
  private static final int OPEN = 16;

  private SampleFolder() {}

  /** Samples of a block, and the tokens it has left. */
  private static final class Block {
    private final List<Sample> samples = new ArrayList<>();
    private int left;

    Block(int left) {
      this.left = left;
    }

    void add(Sample sample) {
      samples.add(sample);
      left -= sample.length();
    }
  }

  /**
   * Puts samples into blocks that none of them crosses: the first open block that has room.
   *
   * @param samples none longer than a block
   * @return samples in a new order, with filler, as long as some blocks
   */
  public static List<Sample> pack(List<Sample> samples, int block) {
    List<Block> open = new ArrayList<>();
    List<Sample> out = new ArrayList<>();
    for (Sample sample : samples) {
      Block place = null;
      for (Block b : open) {
        if (place == null && b.left >= sample.length()) {
          place = b;
        }
      }
      if (place == null) {
        if (open.size() == OPEN) {
          close(open.removeFirst(), out);
        }
        place = new Block(block);
        open.add(place);
      }
      place.add(sample);
      if (place.left == 0) {
        open.remove(place);
        close(place, out);
      }
    }
    open.forEach(b -> close(b, out));
    return out;
  }

  private static void close(Block block, List<Sample> out) {
    out.addAll(block.samples);
    if (block.left > 0) {
      out.add(filler(block.samples, block.left));
    }
  }

  /** Appends filler so that the samples together are as long as some blocks. */
  public static List<Sample> complete(List<Sample> samples, int block) {
    int over = (int) (tokens(samples) % block);
    if (over == 0) {
      return samples;
    }
    List<Sample> out = new ArrayList<>(samples);
    out.add(filler(samples, block - over));
    return out;
  }

  /** Ordinary tokens, so that experts are chosen as ever, from which nothing is learnt. */
  private static Sample filler(List<Sample> samples, int length) {
    int[] ids = new int[length];
    int at = 0;
    for (int s = 0; at < length; s = (s + 1) % samples.size()) {
      int[] from = samples.get(s).ids();
      int n = Math.min(from.length, length - at);
      System.arraycopy(from, 0, ids, at, n);
      at += n;
    }
    return new Sample(ids, new boolean[length]);
  }

  /** Number of tokens. */
  public static long tokens(List<Sample> samples) {
    return samples.stream().mapToLong(Sample::length).sum();
  }

  /**
   * Writes a folder that {@link EncodedCorpus} opens; {@code meta.json} comes last.
   *
   * @param tokenizerJson the tokenizer's file
   * @param bos id of the beginning of sequence
   * @param eos id of the end of sequence
   * @param splits samples; absent splits are empty
   */
  public static void write(
      Path folder,
      Tokenizer tokenizer,
      byte[] tokenizerJson,
      int bos,
      int eos,
      Map<Split, List<Sample>> splits)
      throws IOException {
    Files.createDirectories(folder);
    Files.deleteIfExists(folder.resolve(EncodedCorpus.META));
    int[] textBytes = CorpusEncoder.textBytes(tokenizer);
    ObjectNode meta = JsonMapper.shared().createObjectNode();
    meta.put("format", EncodedCorpus.FORMAT);
    meta.put("dtype", "u32");
    meta.put("vocab_size", tokenizer.vocabSize());
    meta.put("bos_id", bos);
    meta.put("eos_id", eos);
    ObjectNode nodes = meta.putObject("splits");
    for (Split split : Split.values()) {
      List<Sample> samples = splits.getOrDefault(split, List.of());
      long bytes =
          write(Files.createDirectories(folder.resolve(split.folder())), samples, textBytes);
      nodes
          .putObject(split.folder())
          .put("tokens", tokens(samples))
          .put("documents", samples.size())
          .put("text_bytes", bytes);
    }
    ByteBuffer table = buffer(2 * textBytes.length);
    for (int bytes : textBytes) {
      table.putShort((short) bytes);
    }
    AtomicFiles.write(folder.resolve(EncodedCorpus.TOKEN_BYTES), table.array());
    AtomicFiles.write(folder.resolve("tokenizer.json"), tokenizerJson);
    AtomicFiles.write(
        folder.resolve(EncodedCorpus.META),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(meta));
  }

  private static long write(Path folder, List<Sample> samples, int[] textBytes) throws IOException {
    int tokens = Math.toIntExact(tokens(samples));
    ByteBuffer ids = buffer(Math.multiplyExact(tokens, Integer.BYTES));
    ByteBuffer starts = buffer(Math.multiplyExact(samples.size() + 1, Long.BYTES));
    byte[] targets = new byte[tokens];
    int at = 0;
    long bytes = 0;
    for (Sample sample : samples) {
      starts.putLong(at);
      for (int i = 0; i < sample.length(); i++) {
        ids.putInt(sample.ids()[i]);
        targets[at++] = (byte) (sample.targets()[i] ? 1 : 0);
        bytes += textBytes[sample.ids()[i]];
      }
    }
    starts.putLong(at);
    AtomicFiles.write(folder.resolve(EncodedCorpus.TOKENS), ids.array());
    AtomicFiles.write(folder.resolve(EncodedCorpus.DOCUMENTS), starts.array());
    AtomicFiles.write(folder.resolve(EncodedCorpus.TARGETS), targets);
    return bytes;
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
