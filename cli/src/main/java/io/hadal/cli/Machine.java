package io.hadal.cli;

import io.hadal.kernels.SystemMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The machine as this JVM sees it.
 *
 * @param cores processors that the JVM may use
 * @param memoryBytes memory of the machine or container
 * @param availableBytes memory that can be had without swapping, page cache included
 */
record Machine(
    String os,
    String arch,
    int cores,
    long memoryBytes,
    long availableBytes,
    long heapMaxBytes,
    Path workingFolder,
    long diskFreeBytes) {
  static Machine inspect() throws IOException {
    Path folder = Path.of("").toAbsolutePath();
    return new Machine(
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        SystemMemory.total(),
        SystemMemory.available(),
        Runtime.getRuntime().maxMemory(),
        folder,
        Files.getFileStore(folder).getUsableSpace());
  }
}
