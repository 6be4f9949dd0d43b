package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsErrorsTest {
  private static final String A = "'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}";
  private static final String SHARD_1 = "model-00001-of-00002.safetensors";
  private static final String SHARD_2 = "model-00002-of-00002.safetensors";

  @TempDir Path folder;

  static Stream<Arguments> brokenFiles() {
    return Stream.of(
        arguments("empty", new byte[0], "truncated: 0 bytes"),
        arguments("seven bytes", new byte[7], "truncated: 7 bytes"),
        arguments(
            "header over the limit",
            RawSafetensors.withLength(100_000_001, new byte[10], 0),
            "100000001 exceeds the limit"),
        arguments(
            "negative header length",
            RawSafetensors.withLength(-1, new byte[10], 0),
            "18446744073709551615 exceeds the limit"),
        arguments(
            "header beyond the file",
            RawSafetensors.withLength(11, new byte[10], 0),
            "the header has 11 bytes, the file only 10"),
        arguments("no header", RawSafetensors.of("", 4), "not a JSON object"),
        arguments("array header", RawSafetensors.of("[]", 0), "not a JSON object"),
        arguments("leading space", RawSafetensors.of(" {}", 0), "not a JSON object"),
        arguments("open header", RawSafetensors.of("{" + A, 4), "not valid JSON"),
        arguments("text after header", RawSafetensors.of("{" + A + "} x", 4), "JSON"),
        arguments("second object", RawSafetensors.of("{" + A + "}{}", 4), "text after the end"),
        arguments("entry no object", RawSafetensors.of("{'a':7}", 0), "'a' must be an object"),
        arguments("entry null", RawSafetensors.of("{'a':null}", 0), "'a' must be an object"),
        arguments(
            "data missing", RawSafetensors.of("{" + A + "}", 3), "truncated: tensor 'a' ends at"),
        arguments("data left over", RawSafetensors.of("{" + A + "}", 5), "1 bytes after the last"),
        arguments(
            "overlap",
            RawSafetensors.of("{" + A + ",'b':{'dtype':'U8','shape':[3],'data_offsets':[2,5]}}", 5),
            "'b' starts at data offset 2, inside tensor 'a'"),
        arguments(
            "same bytes twice",
            RawSafetensors.of("{" + A + ",'b':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}", 4),
            "inside tensor"),
        arguments(
            "hole",
            RawSafetensors.of("{" + A + ",'b':{'dtype':'U8','shape':[1],'data_offsets':[5,6]}}", 6),
            "leaving a hole after tensor 'a'"),
        arguments(
            "hole at the start",
            RawSafetensors.of("{'b':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}}", 2),
            "leaving a hole after the header"),
        arguments("name twice", RawSafetensors.of("{" + A + "," + A + "}", 4), "'a' occurs twice"),
        arguments(
            "metadata twice",
            RawSafetensors.of("{'__metadata__':{},'__metadata__':{}}", 0),
            "'__metadata__' occurs twice"),
        arguments(
            "metadata key twice",
            RawSafetensors.of("{'__metadata__':{'k':'1','k':'2'}}", 0),
            "key 'k' occurs twice"),
        arguments(
            "metadata number",
            RawSafetensors.of("{'__metadata__':{'k':1}}", 0),
            "'k' must be a string, found an integer"),
        arguments("negative shape", entry("U8", "[-1]", "[0,4]"), "[-1] is negative"),
        arguments(
            "shape over 64 bits",
            entry("U8", "[4294967296,4294967296]", "[0,4]"),
            "overflows 64 bits"),
        arguments(
            "zero hides overflow",
            entry("U8", "[4294967296,4294967296,0]", "[0,0]"),
            "overflows 64 bits"),
        arguments(
            "bytes over 64 bits", entry("F64", "[4611686018427387904]", "[0,4]"), "overflows"),
        arguments(
            "number over 64 bits", entry("U8", "[99999999999999999999]", "[0,4]"), "beyond 64"),
        arguments("fraction in shape", entry("U8", "[4.0]", "[0,4]"), "array of integers"),
        arguments("text in shape", entry("U8", "['4']", "[0,4]"), "array of integers"),
        arguments("shape no array", entry("U8", "4", "[0,4]"), "shape must be an array"),
        arguments(
            "too many dimensions",
            entry("U8", "[" + "1,".repeat(40) + "4]", "[0,4]"),
            "more than 32 entries"),
        arguments(
            "shape against offsets",
            entry("U8", "[3]", "[0,4]"),
            "needs 3 bytes, data_offsets span 4"),
        arguments("dtype against offsets", entry("F16", "[4]", "[0,4]"), "needs 8 bytes"),
        arguments("descending offsets", entry("U8", "[4]", "[4,0]"), "no ascending pair"),
        arguments("negative offset", entry("U8", "[4]", "[-4,0]"), "no ascending pair"),
        arguments("one offset", entry("U8", "[4]", "[4]"), "no ascending pair"),
        arguments("three offsets", entry("U8", "[4]", "[0,4,8]"), "more than 2 entries"),
        arguments(
            "unknown dtype", entry("F8_E5M2", "[4]", "[0,4]"), "tensor 'a' has dtype 'F8_E5M2'"),
        arguments("packed type", entry("FP4_E2M1", "[8]", "[0,4]"), "dtype 'FP4_E2M1'"),
        arguments("dtype no string", entry2("'dtype':4,'shape':[4]"), "dtype must be a string"),
        arguments("no dtype", entry2("'shape':[4],'data_offsets':[0,4]"), "dtype is missing"),
        arguments("no shape", entry2("'dtype':'U8','data_offsets':[0,4]"), "shape is missing"),
        arguments("no offsets", entry2("'dtype':'U8','shape':[4]"), "data_offsets is missing"),
        arguments(
            "field twice", entry2("'dtype':'U8','dtype':'I8'"), "tensor 'a': dtype occurs twice"),
        arguments("unknown field", entry2("'dtype':'U8','x':1"), "unknown header field 'x'"),
        arguments(
            "deep nesting",
            RawSafetensors.of("{'a':" + "[".repeat(100_000), 0),
            "must be an object"),
        arguments(
            "control characters in a name",
            RawSafetensors.of("{'\\u001b[2J':7}", 0),
            "'\\u001b[2J' must be an object"),
        arguments(
            "bad UTF-8",
            RawSafetensors.withLength(5, new byte[] {'{', '"', (byte) 0xff, '"', '}'}, 0),
            "JSON"),
        arguments(
            "git lfs pointer",
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
                .getBytes(StandardCharsets.US_ASCII),
            "git lfs pull"));
  }

  private static byte[] entry(String dtype, String shape, String offsets) {
    return entry2("'dtype':'" + dtype + "','shape':" + shape + ",'data_offsets':" + offsets);
  }

  private static byte[] entry2(String fields) {
    return RawSafetensors.of("{'a':{" + fields + "}}", 4);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenFiles")
  void brokenFileIsNamedAndExplained(String name, byte[] bytes, String message) throws IOException {
    Path file = folder.resolve("broken.safetensors");
    Files.write(file, bytes);
    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  static Stream<Arguments> brokenIndexes() {
    return Stream.of(
        arguments("no JSON", "{", "not valid JSON"),
        arguments("array", "[]", "the index must be an object"),
        arguments("no weight_map", "{'metadata':{}}", "weight_map is missing"),
        arguments("empty weight_map", "{'weight_map':{}}", "weight_map is missing or empty"),
        arguments("weight_map array", "{'weight_map':[]}", "weight_map must be an object"),
        arguments("weight_map twice", map("a", SHARD_1) + ",'weight_map':{}}", "occurs twice"),
        arguments("entry number", "{'weight_map':{'a':1}}", "'a' must be a string"),
        arguments("tensor twice", "{'weight_map':{'a':'x','a':'y'}}", "lists tensor 'a' twice"),
        arguments(
            "missing shard",
            map("a", "model-3.safetensors") + "}",
            "'model-3.safetensors' is missing"),
        arguments("parent folder", map("a", "../x.safetensors") + "}", "relative path inside"),
        arguments("hidden parent", map("a", "x/../../x.safetensors") + "}", "relative path inside"),
        arguments("absolute path", map("a", "/etc/hostname") + "}", "relative path inside"),
        arguments("backslash", map("a", "..\\\\x") + "}", "relative path inside"),
        arguments("empty name", map("a", "") + "}", "relative path inside"),
        arguments("NUL in a name", map("a", "x\\u0000y") + "}", "no valid file name"),
        arguments("folder as shard", map("a", "sub") + "}", "is not a regular file"),
        arguments("link out", map("a", "out.safetensors") + "}", "leads out of"),
        arguments("tensor not in its shard", map("c", SHARD_1) + "}", "'c' is not in shard"),
        arguments("tensor in no shard", map("d", SHARD_1) + "}", "'d' is not in shard"),
        arguments(
            "tensor in two shards", map("a", "copy.safetensors") + ",'x':0}", "is not in shard"),
        arguments(
            "tensor in two listed shards",
            "{'weight_map':{'a':'" + SHARD_1 + "','x':'twice.safetensors'}}",
            "'a' is present in several files: " + SHARD_1 + ", twice.safetensors"),
        arguments(
            "metadata array", map("a", SHARD_1) + ",'metadata':[]}", "metadata must be an object"),
        arguments("metadata null", map("a", SHARD_1) + ",'metadata':null}", "found null"),
        arguments("metadata twice", map("a", SHARD_1) + ",'metadata':{},'metadata':{}}", "twice"),
        arguments(
            "size no number",
            map("a", SHARD_1) + ",'metadata':{'total_size':'9'}}",
            "total_size must be a number, found a string"),
        arguments(
            "size negative", map("a", SHARD_1) + ",'metadata':{'total_size':-9}}", "is negative"),
        arguments(
            "size fractional",
            map("a", SHARD_1) + ",'metadata':{'total_size':9.5}}",
            "must be a whole number"),
        arguments(
            "size over 64 bits",
            map("a", SHARD_1) + ",'metadata':{'total_size':99999999999999999999}}",
            "beyond 64 bits"),
        arguments("text after", map("a", SHARD_1) + "} {}", "text after the end"));
  }

  private static String map(String tensor, String shard) {
    return "{'weight_map':{'" + tensor + "':'" + shard + "'}";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenIndexes")
  void brokenIndexIsExplained(String name, String json, String message) throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.copy(Resources.path("corpus/sharded/" + SHARD_1), model.resolve(SHARD_1));
    Files.copy(Resources.path("corpus/sharded/" + SHARD_2), model.resolve(SHARD_2));
    Files.copy(Resources.path("corpus/sharded/" + SHARD_2), model.resolve("copy.safetensors"));
    Files.write(
        model.resolve("twice.safetensors"),
        RawSafetensors.of(
            "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                + "'x':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}}",
            2));
    Files.createDirectory(model.resolve("sub"));
    Path outside = folder.resolve("outside.safetensors");
    Files.copy(Resources.path("corpus/tiny.safetensors"), outside);
    Files.copy(Resources.path("corpus/tiny.safetensors"), folder.resolve("x.safetensors"));
    Files.createSymbolicLink(model.resolve("out.safetensors"), outside);
    Files.writeString(model.resolve(SafetensorsIndex.FILE_NAME), json.replace('\'', '"'));
    assertThatThrownBy(() -> Safetensors.open(model))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(message);
  }

  @Test
  void folderWithoutWeightsIsExplained() {
    assertThatThrownBy(() -> Safetensors.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("holds no *.safetensors");
  }

  @Test
  void folderOfFilesMayNotRepeatATensor() throws IOException {
    Files.write(folder.resolve("x.safetensors"), RawSafetensors.of("{" + A + "}", 4));
    Files.write(folder.resolve("y.safetensors"), RawSafetensors.of("{" + A + "}", 4));
    assertThatThrownBy(() -> Safetensors.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("x.safetensors, y.safetensors");
  }

  @Test
  void missingFilesAndDevicesAreRefused() {
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("nothing.safetensors")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("does not exist");
    Path device = Path.of("/dev/zero");
    if (Files.exists(device)) {
      assertThatThrownBy(() -> Safetensors.open(device))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("not a regular file");
    }
  }

  @Test
  void longNamesDoNotFloodMessages() throws IOException {
    Path file = folder.resolve("long.safetensors");
    Files.write(file, RawSafetensors.of("{'" + "n".repeat(60_000) + "':7}", 0));
    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
  }
}
