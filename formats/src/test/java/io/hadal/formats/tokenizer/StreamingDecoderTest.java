package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
  private static final Tokenizer V3 = TokenizerFiles.V3;

  @Test
  void emitsWholeCodePoints() {
    int[] ids = byteTokens("é😀".getBytes(StandardCharsets.UTF_8));
    StreamingDecoder decoder = V3.newDecoder();
    String[] parts = Arrays.stream(ids).mapToObj(decoder::append).toArray(String[]::new);
    assertThat(parts).containsExactly("", "é", "", "", "", "😀");
    assertThat(decoder.finish()).isEmpty();
  }

  @Test
  void leftoversBecomeReplacements() {
    StreamingDecoder decoder = V3.newDecoder();
    int[] ids = byteTokens(new byte[] {(byte) 0xF0, (byte) 0x9F, (byte) 0x98});
    for (int id : ids) {
      assertThat(decoder.append(id)).isEmpty();
    }
    assertThat(decoder.finish()).isEqualTo("\ufffd");
    assertThat(decoder.finish()).isEmpty();
    assertThat(decoder.append(V3.id("a").orElseThrow())).isEqualTo("a");
  }

  /** Cases of the Unicode standard's table on replacing maximal subparts. */
  @Test
  void malformedBytes() {
    assertThat(decode(0x61, 0xF1, 0x80, 0x80, 0xE1, 0x80, 0xC2, 0x62, 0x80, 0x63, 0x80, 0xBF, 0x64))
        .isEqualTo("a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd");
    assertThat(decode(0xC0, 0xAF, 0xE0, 0x80, 0xBF, 0xF0, 0x81, 0x82, 0x41))
        .isEqualTo("\ufffd".repeat(8) + "A");
    assertThat(decode(0xED, 0xA0, 0x80, 0xED, 0xBF, 0xBF, 0xED, 0xAF, 0x41))
        .isEqualTo("\ufffd".repeat(8) + "A");
    assertThat(decode(0xF4, 0x91, 0x92, 0x93, 0xFF, 0x41, 0x80, 0xBF, 0x42))
        .isEqualTo("\ufffd".repeat(5) + "A\ufffd\ufffdB");
  }

  @Test
  void concatenationEqualsBatchForRandomIds() {
    Random random = new Random(5);
    for (int round = 0; round < 3000; round++) {
      int[] ids = new int[random.nextInt(40)];
      for (int i = 0; i < ids.length; i++) {
        ids[i] =
            switch (random.nextInt(3)) {
              case 0 ->
                  V3.id(String.valueOf(ByteAlphabet.toChar(random.nextInt(256)))).orElseThrow();
              case 1 -> random.nextInt(V3.vocabSize());
              default -> random.nextInt(-5, V3.vocabSize() + 1000);
            };
      }
      boolean skip = random.nextBoolean();
      StreamingDecoder decoder = V3.newDecoder(skip);
      StringBuilder text = new StringBuilder();
      for (int id : ids) {
        String part = decoder.append(id);
        assertThat(part.isEmpty() || !Character.isHighSurrogate(part.charAt(part.length() - 1)))
            .isTrue();
        text.append(part);
      }
      text.append(decoder.finish());
      assertThat(text.toString()).isEqualTo(V3.decode(ids, skip));
    }
  }

  @Test
  void validTextDecodesAsTheJdkDoes() {
    Random random = new Random(6);
    for (int i = 0; i < 5000; i++) {
      String text = RandomText.next(random, 20);
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      assertThat(V3.decode(byteTokens(utf8))).isEqualTo(text);
    }
  }

  @Test
  void specialsAreSkippedOnRequest() {
    int[] ids = V3.encode("<｜begin▁of▁sentence｜>a<｜User｜>b<｜end▁of▁sentence｜>", true);
    assertThat(V3.decode(ids)).isEqualTo("<｜begin▁of▁sentence｜>a<｜User｜>b<｜end▁of▁sentence｜>");
    // <｜User｜> is an added token, but not a special one.
    assertThat(V3.decode(ids, true)).isEqualTo("a<｜User｜>b");
  }

  private static String decode(int... bytes) {
    byte[] b = new byte[bytes.length];
    for (int i = 0; i < b.length; i++) {
      b[i] = (byte) bytes[i];
    }
    Utf8Decoder decoder = new Utf8Decoder();
    StringBuilder text = new StringBuilder();
    decoder.decode(b, 0, b.length, text);
    decoder.finish(text);
    return text.toString();
  }

  private static int[] byteTokens(byte[] bytes) {
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = V3.id(String.valueOf(ByteAlphabet.toChar(bytes[i]))).orElseThrow();
    }
    return ids;
  }
}
