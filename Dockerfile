# Built in Debian; shipped is nothing but what packaging/image-root.sh copies.
# Pin the base by digest where builds have to repeat exactly.
FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/packages.sh scripts/packages.txt scripts/
RUN ./scripts/packages.sh build
COPY . .
RUN BUDGET_TESTS=OFF ./scripts/build.sh release budget \
 && packaging/image-root.sh build/release/budget /image

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Budget" \
      org.opencontainers.image.description="A proxy that holds calls to language models to their budgets" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
USER 65532:65532
WORKDIR /var/lib/budget
VOLUME /var/lib/budget
EXPOSE 8013
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/usr/bin/budget-ready"]
ENTRYPOINT ["/usr/bin/budget"]
CMD ["serve", "--config", "/etc/budget/budget.yaml"]
