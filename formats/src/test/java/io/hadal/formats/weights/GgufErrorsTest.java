package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GgufErrorsTest {
  @TempDir Path folder;

  static Stream<Arguments> broken() {
    return Stream.of(
        arguments("empty", new RawGguf(), "truncated: the magic number"),
        arguments("magic", new RawGguf().raw("GGML").data(64), "does not start with 'GGUF'"),
        arguments("version 1", RawGguf.header(1, 0, 0), "GGUF version 1 cannot be read"),
        arguments("version 4", RawGguf.header(4, 0, 0), "GGUF version 4 cannot be read"),
        arguments("big endian", RawGguf.header(3 << 24, 0, 0), "big-endian"),
        arguments("counts cut", new RawGguf().raw("GGUF").u32(3).u32(0), "the tensor count"),
        arguments("tensor count", RawGguf.header(-1, 0), "tensor count is 18446744073709551615"),
        arguments("tensor count over file", RawGguf.header(9, 0), "tensor count is 9, more than"),
        arguments("key count", RawGguf.header(0, 1L << 40), "key count is 1099511627776"),
        arguments("key count over file", RawGguf.header(0, 1).u64(0), "fits the rest of the file"),
        arguments("key length", key().u64(1L << 33).data(64), "length of a key is 8589934592"),
        arguments("key length 64K", key().u64(65_536).data(66_000), "more than the limit of 65535"),
        arguments("key not UTF-8", key().u64(2).u8(0xc3).u8(0x28).data(64), "key is not UTF-8"),
        arguments("key twice", twice(), "key 'k' occurs twice"),
        arguments("value type", key().text("k").u32(13).data(64), "'k' has the unknown type 13"),
        arguments(
            "value cut",
            key().key("k", GgufValueType.UINT64).u32(1),
            "value of key 'k' at byte 37 needs 8"),
        arguments(
            "bool 2", key().key("k", GgufValueType.BOOL).u8(2).data(8), "bool with the byte 2"),
        arguments(
            "bool array",
            key().key("k", GgufValueType.ARRAY).u32(7).u64(2).u8(1).u8(255).data(8),
            "bool with the byte 255"),
        arguments(
            "string length",
            key().key("k", GgufValueType.STRING).u64(Long.MIN_VALUE).data(64),
            "length of value of key 'k' is 9223372036854775808"),
        arguments(
            "string length over file",
            key().key("k", GgufValueType.STRING).u64(1000).data(64),
            "fits the rest of the file"),
        arguments(
            "array type",
            key().key("k", GgufValueType.ARRAY).u32(99).u64(0).data(8),
            "elements in value of key 'k' has the unknown type 99"),
        arguments(
            "array length",
            key().key("k", GgufValueType.ARRAY).u32(6).u64(1L << 62).data(64),
            "array length in value of key 'k'"),
        arguments(
            "array over file",
            key().key("k", GgufValueType.ARRAY).u32(6).u64(100).data(64),
            "fits the rest of the file"),
        arguments(
            "string array over file",
            key().key("k", GgufValueType.ARRAY).u32(8).u64(3).u64(1).u8(65).u64(-1).u64(0).data(8),
            "length of a string in value of key 'k'"),
        arguments("nested deeply", nested(9), "nests arrays deeper than 8"),
        arguments(
            "alignment 0",
            key().key("general.alignment", GgufValueType.UINT32).u32(0).data(8),
            "general.alignment is 0"),
        arguments(
            "alignment 48",
            key().key("general.alignment", GgufValueType.UINT32).u32(48).data(8),
            "general.alignment is 48"),
        arguments(
            "alignment 2^31",
            key().key("general.alignment", GgufValueType.UINT32).u32(1L << 31).data(8),
            "no power of two"),
        arguments(
            "alignment text",
            key().key("general.alignment", GgufValueType.STRING).text("32").data(8),
            "'general.alignment' must be an integer, found string"),
        arguments(
            "nine dimensions",
            RawGguf.header(1, 0).tensor("t", GgmlType.F32, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1).data(32),
            "'t' has 9 dimensions"),
        arguments(
            "negative dimension", tensor(GgmlType.F32, 0, -1).data(32), "shape overflows 63 bits"),
        arguments(
            "shape overflow",
            tensor(GgmlType.F32, 0, 1L << 32, 1L << 32).data(32),
            "shape overflows 63 bits"),
        arguments(
            "zero hides overflow",
            tensor(GgmlType.F32, 0, 0, 1L << 32, 1L << 32).data(32),
            "shape overflows 63 bits"),
        arguments(
            "size overflow", tensor(GgmlType.F64, 0, 1L << 62).data(32), "size overflows 63 bits"),
        arguments(
            "rows not whole",
            tensor(GgmlType.Q4_K, 0, 128, 2).data(288),
            "rows of 128 do not fill blocks of 256 (Q4_K)"),
        arguments("offset odd", tensor(GgmlType.F32, 4, 1).data(64), "offset 4 is no multiple"),
        arguments("offset negative", tensor(GgmlType.F32, -32, 1).data(64), "is no multiple"),
        arguments(
            "offset past the end",
            tensor(GgmlType.F32, 1L << 40, 1).data(64),
            "truncated: tensor 't'"),
        arguments(
            "offset near 2^63",
            tensor(GgmlType.F32, Long.MAX_VALUE - 31, 8).data(64),
            "truncated: tensor 't'"),
        arguments("data cut", tensor(GgmlType.F32, 0, 9).data(32), "needs 36 bytes"),
        arguments("no data", tensor(GgmlType.F32, 0, 1), "truncated: tensor 't'"),
        arguments(
            "tensor twice",
            RawGguf.header(2, 0)
                .tensor("t", GgmlType.I8, 0, 1)
                .tensor("t", GgmlType.I8, 32, 1)
                .data(64),
            "tensor 't' occurs twice"),
        arguments(
            "overlap",
            RawGguf.header(2, 0)
                .tensor("b", GgmlType.I8, 32, 8)
                .tensor("a", GgmlType.I8, 0, 33)
                .data(64),
            "tensors 'a' and 'b' overlap"),
        arguments(
            "same place",
            RawGguf.header(2, 0)
                .tensor("a", GgmlType.I8, 0, 8)
                .tensor("b", GgmlType.I8, 0, 8)
                .data(64),
            "overlap"),
        arguments(
            "tensor name",
            RawGguf.header(1, 0).u64(-5).data(64),
            "length of a tensor name is 18446744073709551611"),
        arguments(
            "split without number",
            key().key("split.count", GgufValueType.UINT32).u32(2).data(8),
            "'split.no' is missing"),
        arguments(
            "split number overflow",
            RawGguf.header(0, 2)
                .key("split.count", GgufValueType.UINT64)
                .u64(Long.MAX_VALUE)
                .key("split.no", GgufValueType.UINT64)
                .u64(Long.MAX_VALUE)
                .data(8),
            "of a split model"));
  }

  private static RawGguf key() {
    return RawGguf.header(0, 1);
  }

  private static RawGguf twice() {
    return RawGguf.header(0, 2)
        .key("k", GgufValueType.UINT8)
        .u8(1)
        .key("k", GgufValueType.UINT8)
        .u8(1)
        .data(8);
  }

  private static RawGguf nested(int depth) {
    RawGguf raw = key().key("k", GgufValueType.ARRAY);
    for (int i = 1; i < depth; i++) {
      raw.u32(GgufValueType.ARRAY.id()).u64(1);
    }
    return raw.u32(GgufValueType.UINT8.id()).u64(0).data(64);
  }

  private static RawGguf tensor(GgmlType type, long offset, long... innermostFirst) {
    return RawGguf.header(1, 0).tensor("t", type, offset, innermostFirst);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("broken")
  void brokenFileIsNamedAndExplained(String name, RawGguf raw, String message) throws IOException {
    Path file = folder.resolve("broken.gguf");
    Files.write(file, raw.bytes());
    assertThatThrownBy(() -> Gguf.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void theDeepestAllowedNestingLoads() throws IOException {
    Path file = folder.resolve("nested.gguf");
    Files.write(file, nested(8).bytes());
    Gguf.open(file).close();
  }

  @Test
  void everyTruncationIsRefusedOrLeavesNoTensorCut() throws IOException {
    byte[] whole = Resources.bytes("corpus/tiny-v3.gguf");
    Path file = folder.resolve("cut.gguf");
    // The last tensor has 8 bytes, padded to 64.
    int needed = whole.length - 56;
    for (int length = 0; length < needed; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(FormatException.class);
    }
    Files.write(file, Arrays.copyOf(whole, needed));
    Gguf.open(file).close();
  }
}
