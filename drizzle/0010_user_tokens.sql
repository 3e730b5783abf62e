CREATE TABLE "user_tokens" (
	"user_id" uuid NOT NULL,
	"day" integer NOT NULL,
	"tokens" bigint NOT NULL,
	CONSTRAINT "user_tokens_pkey" PRIMARY KEY("user_id","day"),
	CONSTRAINT "user_tokens_check" CHECK ("user_tokens"."tokens" >= 0)
);
--> statement-breakpoint
ALTER TABLE "user_tokens" ADD CONSTRAINT "user_tokens_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;