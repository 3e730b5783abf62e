ALTER TABLE "sessions" DROP CONSTRAINT "sessions_counters";--> statement-breakpoint
ALTER TABLE "file_versions" ADD COLUMN "size" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "size" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "stored_chars" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "file_versions" ADD CONSTRAINT "file_versions_size_check" CHECK ("file_versions"."size" >= 0);--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_size_check" CHECK ("messages"."size" >= 0);--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_counters" CHECK ("sessions"."message_count" >= 0 and "sessions"."stored_chars" >= 0 and "sessions"."prompt_tokens" >= 0 and "sessions"."completion_tokens" >= 0 and "sessions"."cost" >= 0 and "sessions"."context_window" >= 0);--> statement-breakpoint
UPDATE "file_versions" SET "size" = octet_length("content");--> statement-breakpoint
UPDATE "messages" SET "size" = octet_length("parts"::text);--> statement-breakpoint
UPDATE "sessions" s SET "stored_chars" = coalesce((SELECT sum(m."size") FROM "messages" m WHERE m."session_id" = s."id"), 0) + coalesce((SELECT sum(v."size") FROM "file_versions" v WHERE v."session_id" = s."id"), 0);
