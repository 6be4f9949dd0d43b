/** Hadal's models behind the interfaces of Spring AI, and their beans for Spring Boot. */
@NullMarked
package io.hadal.spring;

import org.jspecify.annotations.NullMarked;
