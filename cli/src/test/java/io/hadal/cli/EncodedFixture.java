package io.hadal.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Encoded random text as `hadal corpus encode` writes it. */
final class EncodedFixture {
  private static final int VOCABULARY = 512;
  private static final int DOCUMENT = 300;

  private EncodedFixture() {}

  /** Writes the folder: 20 documents to train on, 4 in each other split. */
  static void write(Path data) throws IOException {
    Files.createDirectories(data);
    Files.copy(TestModel.TOKENIZER, data.resolve("tokenizer.json"));
    ByteBuffer bytes = ByteBuffer.allocate(2 * VOCABULARY).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < VOCABULARY; i++) {
      bytes.putShort((short) (i < 20 ? 0 : 2));
    }
    Files.write(data.resolve("token_bytes.bin"), bytes.array());
    split(data.resolve("train"), 20, 1);
    split(data.resolve("valid"), 4, 2);
    split(data.resolve("infile"), 4, 3);
    split(data.resolve("test"), 4, 4);
    String sizes = "{\"tokens\": %d, \"documents\": %d, \"text_bytes\": %d}";
    String small = sizes.formatted(4 * DOCUMENT, 4, 8 * DOCUMENT);
    Files.writeString(
        data.resolve("meta.json"),
        """
        {"format": "hadal-tokens-1", "dtype": "u16", "vocab_size": %d, "bos_id": 0, "eos_id": 1,
         "splits": {"train": %s, "valid": %s, "infile": %s, "test": %s}}
        """
            .formatted(
                VOCABULARY,
                sizes.formatted(20 * DOCUMENT, 20, 40 * DOCUMENT),
                small,
                small,
                small));
  }

  private static void split(Path split, int documents, long seed) throws IOException {
    Files.createDirectories(split);
    Random random = new Random(seed);
    ByteBuffer ids = ByteBuffer.allocate(2 * documents * DOCUMENT).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer starts = ByteBuffer.allocate(8 * documents + 8).order(ByteOrder.LITTLE_ENDIAN);
    for (int d = 0; d < documents; d++) {
      starts.putLong((long) d * DOCUMENT);
      for (int i = 0; i < DOCUMENT; i++) {
        int id = i == 0 ? 0 : i == DOCUMENT - 1 ? 1 : 20 + random.nextInt(30) * (1 + i % 3);
        ids.putShort((short) id);
      }
    }
    starts.putLong((long) documents * DOCUMENT);
    Files.write(split.resolve("tokens.bin"), ids.array());
    Files.write(split.resolve("documents.bin"), starts.array());
  }
}
