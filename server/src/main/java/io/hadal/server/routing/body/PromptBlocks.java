package io.hadal.server.routing.body;

import io.hadal.server.wire.JsonMembers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A prompt as a chain of blocks: each has a hash of all texts up to its end, so that two prompts
 * have as many hashes in common as they have blocks from their beginning. A block ends with a
 * message, or after 4096 bytes. Gateways and engines compute the same from the same request,
 * without a tokenizer, which is all they need: this decides where a prompt may be cached, never
 * what is reused.
 */
public final class PromptBlocks {
  /** Most blocks; longer prompts are told apart long before. */
  public static final int MOST = 256;

  private static final int BLOCK = 4096;

  private final long[] hashes;
  private final int opening;

  private PromptBlocks(long[] hashes, int opening) {
    this.hashes = hashes;
    this.opening = opening;
  }

  /** Hashes of the blocks, at most {@value #MOST}. */
  public long[] hashes() {
    return hashes.clone();
  }

  /**
   * Blocks up to the end of the first message that is not the system's: all of them together only
   * this conversation has.
   */
  public int opening() {
    return opening;
  }

  /**
   * Blocks of a request.
   *
   * @param scope what prompts are cached for, such as a project
   */
  public static PromptBlocks of(RequestView request, String scope) {
    Chain chain = new Chain(request.body(), scope);
    JsonMembers members = request.members();
    for (String name : List.of("instructions", "system")) {
      chain.add(members.find(name));
    }
    JsonMembers.Member prompt = members.find("prompt");
    JsonMembers.Member messages = members.find(members.has("messages") ? "messages" : "input");
    if (messages == null) {
      chain.add(prompt);
      return chain.blocks(1);
    }
    List<int[]> all =
        JsonMembers.elements(request.body(), messages.start(), messages.end(), 4 * MOST);
    if (all == null) {
      chain.add(messages);
      return chain.blocks(chain.count);
    }
    int opening = 0;
    for (int[] place : all) {
      JsonMembers message = JsonMembers.of(request.body(), place[0], place[1]);
      JsonMembers.Member content = message == null ? null : message.find("content");
      if (message == null || content == null) {
        continue;
      }
      String role = message.text("role");
      chain.role(role == null ? "" : role);
      chain.add(content);
      if (opening == 0 && !"system".equals(role) && !"developer".equals(role)) {
        opening = chain.count;
      }
    }
    return chain.blocks(opening == 0 ? chain.count : opening);
  }

  private static final class Chain {
    private final byte[] body;
    private final CRC32C crc = new CRC32C();
    private final long[] hashes = new long[MOST];
    private long hash;
    private int length;
    private int count;

    Chain(byte[] body, String scope) {
      this.body = body;
      crc.update(scope.getBytes(StandardCharsets.UTF_8));
      hash = mix(crc.getValue());
      crc.reset();
    }

    void role(String role) {
      hash = mix(hash ^ role.hashCode());
    }

    void add(JsonMembers.@Nullable Member member) {
      if (member != null) {
        MessageTexts.each(body, member.start(), member.end(), this::text);
        end();
      }
    }

    private void text(int from, int to) {
      int at = from;
      while (at < to) {
        int part = Math.min(to - at, BLOCK - length);
        crc.update(body, at, part);
        length += part;
        at += part;
        if (length == BLOCK) {
          end();
        }
      }
    }

    private void end() {
      if (length > 0) {
        hash = mix(hash ^ crc.getValue() ^ ((long) length << 32));
        crc.reset();
        length = 0;
        if (count < MOST) {
          hashes[count++] = hash;
        }
      }
    }

    PromptBlocks blocks(int opening) {
      return new PromptBlocks(Arrays.copyOf(hashes, count), Math.min(opening, count));
    }

    /** The finalizer of splitmix64. */
    private static long mix(long value) {
      long z = value + 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }
}
