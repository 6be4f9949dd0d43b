package io.hadal.benchmarks.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The few functions of ggml's public C interface that the comparison needs, from shared libraries
 * in a folder. Libraries stay loaded until the process ends. Used by one thread.
 */
final class Ggml {
  /** A buffer type: where weights lie, and in which form. */
  record BufferType(String name, MemorySegment handle) {}

  private static final int DEVICE_CPU = 0;
  private static final int TYPE_F32 = 0;
  private static final int TYPE_I32 = 26;

  /** struct ggml_init_params { size_t mem_size; void * mem_buffer; bool no_alloc; }. */
  private static final MemoryLayout INIT_PARAMS =
      MemoryLayout.structLayout(JAVA_LONG, ADDRESS, JAVA_BOOLEAN, MemoryLayout.paddingLayout(7));

  private static final AddressLayout TEXT =
      ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(1 << 10, JAVA_BYTE));

  private final Linker linker = Linker.nativeLinker();
  private final SymbolLookup symbols;
  private final Map<String, MethodHandle> calls = new HashMap<>();
  private final MemorySegment device;
  private final MemorySegment backend;
  private final MethodHandle compute;

  /**
   * Loads the libraries and the variant of the CPU library that suits this processor best.
   *
   * @throws NoSuchFileException when the folder holds no libggml
   */
  Ggml(Path folder) throws IOException {
    Path base = find(folder, "libggml-base\\..*|libggml-base-.*");
    Path main = find(folder, "libggml\\..*");
    SymbolLookup first = SymbolLookup.libraryLookup(base, Arena.global());
    SymbolLookup second = SymbolLookup.libraryLookup(main, Arena.global());
    symbols = name -> first.find(name).or(() -> second.find(name));
    silence();
    try (Arena arena = Arena.ofConfined()) {
      run(
          "ggml_backend_load_all_from_path",
          FunctionDescriptor.ofVoid(ADDRESS),
          arena.allocateFrom(folder.toAbsolutePath().toString()));
    }
    device =
        address("ggml_backend_dev_by_type", FunctionDescriptor.of(ADDRESS, JAVA_INT), DEVICE_CPU);
    if (device.equals(MemorySegment.NULL)) {
      throw new NoSuchFileException(
          folder.toString(), null, "no libggml-cpu here runs on this processor");
    }
    backend =
        address(
            "ggml_backend_dev_init",
            FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS),
            device,
            MemorySegment.NULL);
    MethodHandle threads =
        linker.downcallHandle(
            procedure("ggml_backend_set_n_threads"), FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT));
    invoke(threads, backend, 1);
    compute = call("ggml_backend_graph_compute", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  }

  /** ggml reports each matrix it rearranges on stderr. */
  private void silence() {
    MethodHandle nothing =
        MethodHandles.empty(
            MethodType.methodType(void.class, int.class, MemorySegment.class, MemorySegment.class));
    MemorySegment log =
        linker.upcallStub(
            nothing, FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS), Arena.global());
    run("ggml_log_set", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS), log, MemorySegment.NULL);
  }

  private static Path find(Path folder, String name) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().matches(name))
          .min(Path::compareTo)
          .orElseThrow(() -> new NoSuchFileException(folder + ": no " + name));
    }
  }

  /** All buffer types of the CPU: the plain one first, then those that rearrange weights. */
  List<BufferType> bufferTypes() {
    List<BufferType> types = new ArrayList<>();
    FunctionDescriptor one = FunctionDescriptor.of(ADDRESS, ADDRESS);
    types.add(bufferType(address("ggml_backend_dev_buffer_type", one, device)));
    MethodHandle extra = linker.downcallHandle(procedure("ggml_backend_dev_get_extra_bufts"), one);
    MemorySegment list = (MemorySegment) invoked(extra, device);
    if (list.equals(MemorySegment.NULL)) {
      return types;
    }
    MemorySegment all = list.reinterpret(64 * ADDRESS.byteSize());
    for (int i = 0; ; i++) {
      MemorySegment handle = all.getAtIndex(ADDRESS, i);
      if (handle.equals(MemorySegment.NULL)) {
        return types;
      }
      types.add(bufferType(handle));
    }
  }

  private BufferType bufferType(MemorySegment handle) {
    MemorySegment name =
        address("ggml_backend_buft_name", FunctionDescriptor.of(TEXT, ADDRESS), handle);
    return new BufferType(name.getString(0), handle);
  }

  private MemorySegment procedure(String name) {
    FunctionDescriptor one = FunctionDescriptor.of(ADDRESS, ADDRESS);
    MemorySegment registry = address("ggml_backend_dev_backend_reg", one, device);
    try (Arena arena = Arena.ofConfined()) {
      return address(
          "ggml_backend_reg_get_proc_address",
          FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS),
          registry,
          arena.allocateFrom(name));
    }
  }

  /** A context for so many tensors and graphs, without memory for their values. */
  MemorySegment context(int tensors, int graphs) {
    FunctionDescriptor size = FunctionDescriptor.of(JAVA_LONG);
    long perTensor = (long) invoked(call("ggml_tensor_overhead", size));
    long perGraph = (long) invoked(call("ggml_graph_overhead", size));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(INIT_PARAMS);
      params.set(JAVA_LONG, 0, tensors * perTensor + graphs * perGraph + 4096);
      params.set(ADDRESS, 8, MemorySegment.NULL);
      params.set(JAVA_BOOLEAN, 16, true);
      return address("ggml_init", FunctionDescriptor.of(ADDRESS, INIT_PARAMS), params);
    }
  }

  void freeContext(MemorySegment context) {
    run("ggml_free", FunctionDescriptor.ofVoid(ADDRESS), context);
  }

  /** A tensor of a type given by its number; the first length counts the values of a row. */
  MemorySegment tensor(MemorySegment context, int type, long... lengths) {
    try (Arena arena = Arena.ofConfined()) {
      return address(
          "ggml_new_tensor",
          FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS),
          context,
          type,
          lengths.length,
          arena.allocateFrom(JAVA_LONG, lengths));
    }
  }

  MemorySegment f32(MemorySegment context, long... lengths) {
    return tensor(context, TYPE_F32, lengths);
  }

  MemorySegment i32(MemorySegment context, long... lengths) {
    return tensor(context, TYPE_I32, lengths);
  }

  MemorySegment mulMat(MemorySegment context, MemorySegment weights, MemorySegment x) {
    return address(
        "ggml_mul_mat",
        FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, ADDRESS),
        context,
        weights,
        x);
  }

  MemorySegment mulMatId(
      MemorySegment context, MemorySegment weights, MemorySegment x, MemorySegment ids) {
    return address(
        "ggml_mul_mat_id",
        FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
        context,
        weights,
        x,
        ids);
  }

  /** A graph that computes one tensor. */
  MemorySegment graph(MemorySegment context, MemorySegment tensor) {
    MemorySegment graph =
        address("ggml_new_graph", FunctionDescriptor.of(ADDRESS, ADDRESS), context);
    run("ggml_build_forward_expand", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS), graph, tensor);
    return graph;
  }

  /** Memory for all tensors of a context; null when the buffer type cannot hold them. */
  @Nullable MemorySegment allocate(MemorySegment context, BufferType type) {
    MemorySegment buffer =
        address(
            "ggml_backend_alloc_ctx_tensors_from_buft",
            FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS),
            context,
            type.handle());
    return buffer.equals(MemorySegment.NULL) ? null : buffer;
  }

  void freeBuffer(MemorySegment buffer) {
    run("ggml_backend_buffer_free", FunctionDescriptor.ofVoid(ADDRESS), buffer);
  }

  /** True when the CPU can compute this tensor with its weights where they lie. */
  boolean supports(MemorySegment tensor) {
    FunctionDescriptor test = FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, ADDRESS);
    return (boolean) invoked(call("ggml_backend_dev_supports_op", test), device, tensor);
  }

  /** Stores all values of a tensor, in the form its buffer type wants. */
  void set(MemorySegment tensor, MemorySegment values) {
    run(
        "ggml_backend_tensor_set",
        FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG),
        tensor,
        values,
        0L,
        values.byteSize());
  }

  float[] get(MemorySegment tensor, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(ValueLayout.JAVA_FLOAT, count);
      run(
          "ggml_backend_tensor_get",
          FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG),
          tensor,
          values,
          0L,
          values.byteSize());
      return values.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** Runs a graph on the calling thread. */
  void compute(MemorySegment graph) {
    int status;
    try {
      status = (int) compute.invokeExact(backend, graph);
    } catch (Throwable e) {
      throw unexpected(e);
    }
    if (status != 0) {
      throw new IllegalStateException("ggml_backend_graph_compute returned " + status);
    }
  }

  private MethodHandle call(String name, FunctionDescriptor descriptor) {
    return calls.computeIfAbsent(
        name, key -> linker.downcallHandle(symbols.findOrThrow(key), descriptor));
  }

  private MemorySegment address(String name, FunctionDescriptor descriptor, Object... arguments) {
    return (MemorySegment) invoked(call(name, descriptor), arguments);
  }

  private void run(String name, FunctionDescriptor descriptor, Object... arguments) {
    invoke(call(name, descriptor), arguments);
  }

  private static Object invoked(MethodHandle handle, Object... arguments) {
    Object result = invoke(handle, arguments);
    if (result == null) {
      throw new IllegalStateException("no result");
    }
    return result;
  }

  private static @Nullable Object invoke(MethodHandle handle, Object... arguments) {
    try {
      return handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Foreign functions throw nothing, so this is a wrong signature. */
  private static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException(e);
  }
}
